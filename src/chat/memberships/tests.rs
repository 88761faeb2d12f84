//! Memberships, and who of the members is not here.

use super::*;

fn owner(digit: &str) -> OwnerId {
    digit.repeat(32).parse().unwrap()
}

fn room(name: &str) -> RoomName {
    name.parse().unwrap()
}

/// `a b!`: the rooms of an owner in order; `!` marks those that are muted.
fn shown(memberships: &Memberships, owner: OwnerId) -> String {
    let mark = |one: &Membership| if one.is_muted { "!" } else { "" };
    let all = memberships.of(owner).iter().map(|one| format!("{}{}", one.room, mark(one)));
    all.collect::<Vec<_>>().join(" ")
}

#[test]
fn rooms_keep_the_order_in_which_they_were_joined() {
    let (mut memberships, bob) = (Memberships::new(3), owner("1"));
    for name in ["c", "a", "b"] {
        assert!(memberships.join(bob, &room(name)));
    }
    assert!(!memberships.join(bob, &room("a")), "already a member");
    assert!(memberships.is_full(bob, &room("d")) && !memberships.join(bob, &room("d")));
    assert_eq!(memberships.set_muted(bob, &room("a"), true), Some(true));
    assert_eq!(memberships.set_muted(bob, &room("a"), true), Some(false));
    assert_eq!(memberships.set_muted(bob, &room("d"), true), None);
    assert_eq!(memberships.set_muted(owner("2"), &room("a"), true), None);
    assert_eq!(shown(&memberships, bob), "c a! b");
    assert!(memberships.leave(bob, &room("c")) && !memberships.leave(bob, &room("c")));
    assert!(memberships.join(bob, &room("c")));
    assert_eq!(
        (shown(&memberships, bob), shown(&memberships, owner("2"))),
        ("a! b c".into(), String::new())
    );
}

#[test]
fn stored_changes_restore_the_same_rooms_in_the_same_order() {
    let (mut memberships, bob) = (Memberships::new(50), owner("1"));
    let mut stored = Vec::new();
    // Any order of changes, each stored after none, one or several others.
    for step in 0_u32..500 {
        let random = step.wrapping_mul(2_654_435_761) >> 16;
        let name = room(["a", "b", "c", "d", "e"][(random % 5) as usize]);
        match (random / 5) % 5 {
            0 | 1 => drop(memberships.join(bob, &name)),
            2 => drop(memberships.leave(bob, &name)),
            _ => drop(memberships.set_muted(bob, &name, random % 2 == 0)),
        }
        let taken = memberships.take_unstored();
        if random % 3 == 0 {
            stored.extend(taken);
        } else {
            memberships.put_back(taken);
        }
        let mut now = stored.clone();
        let unstored = memberships.take_unstored();
        now.extend(unstored.iter().cloned());
        memberships.put_back(unstored);
        let mut again = Memberships::new(50);
        again.restore(now);
        assert_eq!(shown(&again, bob), shown(&memberships, bob), "step {step}");
    }
    assert!(!shown(&memberships, bob).is_empty());
}

#[test]
fn changes_that_cannot_be_stored_do_not_fill_the_memory() {
    let (mut memberships, bob) = (Memberships::new(50), owner("1"));
    memberships.join(bob, &room("a"));
    for n in 1..=limits::UNSTORED_MEMBERSHIPS {
        assert!(!memberships.has_dropped(), "{n}");
        memberships.set_muted(bob, &room("a"), n % 2 == 1);
        let taken = memberships.take_unstored();
        memberships.put_back(taken);
    }
    assert!(memberships.has_dropped() && memberships.take_unstored().is_empty());
    assert_eq!(memberships.prune(|_| true, |_| false).len(), 1);
    assert!(!memberships.has_dropped());
}

#[test]
fn an_owner_who_is_gone_has_no_rooms_and_a_file_restores_no_more_than_the_maximum() {
    let saved = |n: u32| SavedMembership {
        owner: owner("1"),
        room: room(&format!("room{n}")),
        state: SavedState::Joined,
    };
    let mut memberships = Memberships::new(50);
    memberships.restore((0..10_000).map(saved));
    assert_eq!(memberships.of(owner("1")).len(), 50);
    assert_eq!(memberships.prune(|_| true, |_| false).len(), 50);
    assert!(
        memberships.prune(|_| false, |_| false).is_empty() && memberships.of(owner("1")).is_empty()
    );
}

/// The names of those who are not in a room, as pages of two list them.
fn absent(memberships: &Memberships, name: &str) -> String {
    let (mut range, mut names) = (NameRange::default(), Vec::new());
    loop {
        let page = memberships.absent_page(&room(name), &range, 2);
        names.extend(page.names.iter().map(ToString::to_string));
        if !page.has_more {
            break;
        }
        range.after = page.names.last().map(|last| last.as_str().parse().unwrap());
    }
    assert_eq!(memberships.absent_count(&room(name)), names.len() as u64, "{names:?}");
    names.join(" ")
}

fn named(name: &str) -> Option<UserName> {
    Some(name.parse().unwrap())
}

#[test]
fn who_is_not_here_is_listed_by_name_while_they_are_a_member_and_have_a_name() {
    let (mut memberships, [ann, bob]) = (Memberships::new(50), ["a", "b"].map(owner));
    for (one, name) in [(bob, "bob"), (ann, "ann")] {
        memberships.join(one, &room("dev"));
        assert!(!absent(&memberships, "dev").contains(name), "no name yet");
        memberships.rename(one, named(name));
    }
    assert_eq!(absent(&memberships, "dev"), "ann bob");
    memberships.set_here(ann, &room("dev"), true);
    memberships.set_here(ann, &room("ops"), false);
    assert_eq!((&*absent(&memberships, "dev"), &*absent(&memberships, "ops")), ("bob", ""));
    memberships.join(ann, &room("ops"));
    memberships.rename(ann, named("zoe"));
    assert_eq!((&*absent(&memberships, "dev"), &*absent(&memberships, "ops")), ("bob", "zoe"));
    memberships.set_here(ann, &room("dev"), false);
    assert_eq!(absent(&memberships, "dev"), "bob zoe");
    memberships.rename(bob, named("Bob"));
    assert_eq!(absent(&memberships, "dev"), "Bob zoe", "the latest spelling");
    memberships.rename(bob, None);
    assert_eq!(absent(&memberships, "dev"), "zoe");
    memberships.rename(bob, named("rob"));
    assert_eq!(absent(&memberships, "dev"), "rob zoe");
    assert!(memberships.leave(ann, &room("dev")) && memberships.leave(bob, &room("dev")));
    assert_eq!((&*absent(&memberships, "dev"), &*absent(&memberships, "ops")), ("", "zoe"));
    memberships.prune(|_| false, |_| false);
    assert_eq!(absent(&memberships, "ops"), "");
    assert!(
        format!("{:?}", memberships.absent).ends_with("{ names: {}, rooms: {} }"),
        "nothing stays"
    );
}

#[test]
fn both_sides_agree_after_any_changes() {
    let rooms = ["r0", "r1", "r2"].map(room);
    let owners = ["1", "2", "3", "4"].map(owner);
    let mut memberships = Memberships::new(2);
    let mut here = HashSet::new();
    let mut names: HashMap<OwnerId, String> = HashMap::new();
    let mut random = 1_u32;
    let mut pick = |below: usize| {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (random >> 8) as usize % below
    };
    for step in 0..5_000 {
        let (owner, room) = (owners[pick(4)], &rooms[pick(3)]);
        match pick(6) {
            0 => {
                names.insert(owner, format!("n{}", pick(9)));
            }
            // As a server does it: only who has a name joins and is here.
            1 | 2 if names.contains_key(&owner) => {
                here.insert((owner, room.clone()));
                memberships.join(owner, room);
            }
            3 => drop(here.remove(&(owner, room.clone()))),
            4 => drop(memberships.leave(owner, room)),
            5 if here.iter().all(|(one, _)| *one != owner) => drop(names.remove(&owner)),
            _ => {}
        }
        let name = names.get(&owner).map(|name| name.parse().unwrap());
        memberships.rename(owner, name);
        memberships.set_here(owner, room, here.contains(&(owner, room.clone())));
        for room in &rooms {
            let is_listed = |owner: &&OwnerId| {
                let is_here = here.contains(&(**owner, room.clone()));
                memberships.contains(**owner, room) && !is_here && names.contains_key(*owner)
            };
            let mut wanted: Vec<_> =
                owners.iter().filter(is_listed).map(|owner| (&names[owner], owner)).collect();
            wanted.sort();
            let page = memberships.absent_page(room, &NameRange::default(), 9);
            let listed: Vec<String> = page.names.iter().map(ToString::to_string).collect();
            let wanted: Vec<String> = wanted.into_iter().map(|(name, _)| name.clone()).collect();
            assert_eq!(listed, wanted, "step {step}");
        }
    }
}

#[test]
fn private_rooms_are_counted_apart_and_are_gone_once_their_log_is() {
    let (mut memberships, bob) = (Memberships::new(10), owner("1"));
    for n in 0..20 {
        memberships.join(bob, &room(&format!("@a{n}+bob")));
        memberships.join(bob, &room(&format!("r{n}")));
    }
    let private = |memberships: &Memberships| {
        memberships.of(bob).iter().filter(|one| one.room.is_private()).count()
    };
    assert_eq!((memberships.of(bob).len(), private(&memberships)), (18, 8), "a fifth less");
    let mut again = Memberships::new(10);
    again.restore(memberships.take_unstored());
    assert_eq!(shown(&again, bob), shown(&memberships, bob));
    assert_eq!(memberships.private_rooms().len(), 8);
    let gone = |room: &RoomName| room.is_private() && room.as_str() != "@a7+bob";
    let left = memberships.prune(|_| true, gone);
    assert_eq!((left.len(), private(&memberships)), (11, 1));
    assert!(memberships.contains(bob, &room("@a7+bob")));
}
