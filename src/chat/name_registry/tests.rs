//! Claims, holds and away messages of the registry of names.

use std::sync::Arc;

use super::*;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn user(name: &str) -> UserName {
    name.parse().unwrap()
}

fn token(digit: char) -> Token {
    digit.to_string().repeat(32).parse().unwrap()
}

/// The token of one of many persons.
fn any_token(n: u32) -> Token {
    format!("{n:032x}").parse().unwrap()
}

/// What the owner of the token `digit` gets for `name`.
fn claim(names: &mut NameRegistry, name: &str, digit: char, now: Instant) -> Identity {
    names.claim(&user(name), Some(&token(digit)), token('0'), now).unwrap().identity
}

#[test]
fn a_held_name_needs_its_token_in_any_case() {
    let (mut names, now) = (NameRegistry::new(7 * DAY), Instant::now());
    let bob = claim(&mut names, "bob", '1', now);
    assert_eq!(bob.token, token('1'));
    assert!(names.claim(&user("BOB"), None, token('2'), now).is_err());
    assert!(names.claim(&user("Bob"), Some(&token('3')), token('2'), now).is_err());
    let device = claim(&mut names, "Bob", '1', now);
    assert_eq!((device.owner, device.token), (bob.owner, token('1')));
    assert_eq!(device.user, user("bob"), "a person has one spelling, whatever a device says");
}

#[test]
fn a_dropped_name_is_held_for_a_minute_and_a_posters_for_days() {
    let (mut names, now) = (NameRegistry::new(7 * DAY), Instant::now());
    let bob = claim(&mut names, "bob", '1', now);
    claim(&mut names, "bob", '1', now);
    names.release(bob.owner, now);
    let later = now + 30 * DAY;
    assert!(names.claim(&user("bob"), None, token('3'), later).is_err(), "one device is left");

    names.release(bob.owner, later);
    let soon = later + Duration::from_secs(59);
    assert!(names.claim(&user("bob"), None, token('3'), soon).is_err());
    let late = later + Duration::from_secs(60);
    let other = claim(&mut names, "bob", '3', late);
    assert_ne!(other.owner, bob.owner);

    names.set_posted(other.owner, late);
    names.release(other.owner, late);
    assert!(
        names.claim(&user("bob"), None, token('4'), late + 7 * DAY - limits::PACING_MAX).is_err()
    );
    assert!(names.claim(&user("bob"), None, token('4'), late + 7 * DAY).is_ok());
}

#[test]
fn a_free_name_gets_the_token_that_its_former_owner_sends() {
    let (mut names, now) = (NameRegistry::new(DAY), Instant::now());
    let (laptop, phone) = (claim(&mut names, "bob", '7', now), claim(&mut names, "bob", '7', now));
    assert_eq!((laptop.owner, laptop.token), (phone.owner, token('7')));
}

#[test]
fn an_away_message_survives_a_short_absence_and_not_a_long_one() {
    let start = Instant::now();
    let lunch = || Some(AwayMessage::parse("lunch").unwrap());
    let after = |absence: Duration| {
        let mut names = NameRegistry::new(7 * DAY);
        let bob = claim(&mut names, "bob", '1', start);
        names.set_posted(bob.owner, start);
        names.set_away(bob.owner, lunch());
        names.release(bob.owner, start);
        let saved = names.take_changed(Now { instant: start, unix_ms: 0 });
        let mut restored = NameRegistry::new(7 * DAY);
        let unix_ms = u64::try_from(absence.as_millis()).unwrap();
        restored.restore(saved, Now { instant: start + absence, unix_ms });
        for names in [&mut names, &mut restored] {
            claim(names, "bob", '1', start + absence);
        }
        (names.away(bob.owner), restored.away(bob.owner))
    };
    assert_eq!(after(limits::HOLD_AFTER_DROP - limits::PACING_MAX), (lunch(), lunch()));
    assert_eq!(after(limits::HOLD_AFTER_DROP), (None, None), "over a restart as well");
    let mut names = NameRegistry::new(DAY);
    let bob = claim(&mut names, "bob", '1', start);
    names.set_away(bob.owner, lunch());
    names.set_away(bob.owner, None);
    assert_eq!(names.away(bob.owner), None);
}

#[test]
fn lapsed_claims_are_forgotten() {
    let (mut names, now) = (NameRegistry::new(DAY), Instant::now());
    for n in 0..5_000_u32 {
        let at = now + limits::HOLD_AFTER_DROP * n;
        let name = user(&format!("user{n}"));
        let owner = names.claim(&name, None, any_token(n), at).unwrap().identity.owner;
        names.release(owner, at);
    }
    assert!(names.count() <= 2, "{} claims", names.count());
}

/// A registry of `max` claims: `posters` that posted and `visitors` that did not, each a second after
/// the one before; no one is connected.
fn full(max: usize, posters: &str, visitors: &str, start: Instant) -> NameRegistry<()> {
    let mut names = NameRegistry::new(7 * DAY).with_max(max);
    for (second, name) in (0..).zip(posters.split(' ').chain(visitors.split(' '))) {
        let at = start + Duration::from_secs(second.into());
        let owner = names.claim(&user(name), None, any_token(second), at).unwrap().identity.owner;
        if posters.contains(name) {
            names.set_posted(owner, at);
        }
        names.release(owner, at);
    }
    names
}

#[test]
fn beyond_the_maximum_the_names_used_least_are_free_again() {
    let start = Instant::now();
    let now = start + Duration::from_secs(9);
    let mut names = full(4, "ann ben", "cat dan", start);
    let is_held = |names: &NameRegistry<()>, name: &str| names.owner(name, now).is_some();
    for (newcomer, given_back, digit) in
        [("eve", "cat", '2'), ("fay", "dan", '3'), ("gus", "ann", '4'), ("hal", "ben", '5')]
    {
        assert!(is_held(&names, given_back), "{given_back}");
        claim(&mut names, newcomer, digit, now);
        assert!(!is_held(&names, given_back) && is_held(&names, newcomer), "{given_back}");
        assert_eq!(names.count(), 4);
    }
    claim(&mut names, "ida", '6', now);
    assert_eq!(names.count(), 5, "no name that is in use is ever given back");
    let back = names.claim(&user("eve"), Some(&token('2')), token('3'), now);
    assert!(back.is_ok(), "and its owner's other devices are welcome");
}

#[test]
fn the_maximum_holds_over_a_restart() {
    let start = Instant::now();
    let names = full(4, "ann ben", "cat dan", start);
    let now = Now { instant: start + Duration::from_secs(9), unix_ms: 0 };
    let mut restored = NameRegistry::<()>::new(7 * DAY).with_max(2);
    restored.restore(names.saved_claims(now), now);
    assert_eq!(restored.count(), 2);
    assert!(["ann", "ben"].iter().all(|name| restored.owner(name, now.instant).is_some()));
}

#[derive(Debug, PartialEq, Eq)]
enum Refused {
    Taken,
    NotAdmitted,
}

impl From<ClaimError> for Refused {
    fn from(error: ClaimError) -> Refused {
        assert_eq!(error, ClaimError::Taken);
        Refused::Taken
    }
}

#[test]
fn only_a_new_claim_asks_whether_it_is_admitted() {
    let (mut names, now) = (NameRegistry::<Arc<str>>::new(7 * DAY), Instant::now());
    let kept: Arc<str> = "kept".into();
    let admit = || Ok::<_, Refused>(Arc::clone(&kept));
    let refuse = || Err(Refused::NotAdmitted);
    let (bob, one, two) = (user("bob"), token('1'), token('2'));
    let claim = names.claim_if(&bob, (Some(&one), two.clone()), now, refuse);
    assert_eq!(claim.unwrap_err(), Refused::NotAdmitted);
    assert!(names.claim_if(&bob, (Some(&one), two.clone()), now, admit).is_ok());
    assert!(names.claim_if(&bob, (Some(&one), two.clone()), now, refuse).is_ok(), "another device");
    let taken = names.claim_if(&user("BOB"), (None, two.clone()), now, refuse);
    assert_eq!(taken.unwrap_err(), Refused::Taken, "the more useful answer");
    assert_eq!(Arc::strong_count(&kept), 2);
    for _ in 0..2 {
        names.release(OwnerId::of_key(&one), now);
    }
    let lapsed = now + limits::HOLD_AFTER_DROP;
    let claim = names.claim_if(&bob, (Some(&one), two.clone()), lapsed, refuse);
    assert_eq!(claim.unwrap_err(), Refused::NotAdmitted, "a lapsed name is claimed like a new one");
    assert_eq!(Arc::strong_count(&kept), 1, "what was kept with the claim ends with it");
}

#[test]
fn saved_claims_restore_every_hold_and_nothing_more() {
    let now = |later: Duration| Now {
        instant: Instant::now() + later,
        unix_ms: 1_000_000 + u64::try_from(later.as_millis()).unwrap(),
    };
    let start = now(Duration::ZERO);
    let mut names = NameRegistry::new(7 * DAY);
    let [poster, visitor, _] = [("poster", '1'), ("visitor", '2'), ("here", '3')]
        .map(|(name, digit)| claim(&mut names, name, digit, start.instant));
    assert!(names.set_posted(poster.owner, start.instant));
    assert!(!names.set_posted(poster.owner, start.instant));
    names.release(poster.owner, start.instant);
    names.release(visitor.owner, start.instant);
    let saved = names.take_changed(start);
    assert_eq!(saved.len(), 3);
    assert_eq!(
        saved.iter().filter(|saved| saved.until.is_none()).count(),
        1,
        "a member who is connected"
    );
    assert!(names.take_changed(start).is_empty());
    names.put_back(&saved);
    assert_eq!(names.take_changed(start), saved);

    let free = |later: Duration, name: &str| {
        let mut again = NameRegistry::new(7 * DAY);
        again.restore(saved.clone(), now(later));
        again.claim(&user(name), None, token('9'), now(later).instant).is_ok()
    };
    let (minute, second) = (Duration::from_secs(60), Duration::from_secs(1));
    assert!(!free(second, "poster") && !free(6 * DAY, "POSTER") && free(7 * DAY, "poster"));
    assert!(!free(minute - second, "visitor") && free(minute, "visitor"));
    assert!(!free(DAY, "here"), "dropped when the server ended, so held from its start");
    let mut again = NameRegistry::new(7 * DAY);
    again.restore(saved.clone(), now(DAY));
    assert_eq!(claim(&mut again, "poster", '1', now(DAY).instant).owner, poster.owner);
}

#[test]
fn a_free_name_that_looks_like_a_held_one_is_refused_until_that_lapses() {
    let (mut names, now) = (NameRegistry::new(7 * DAY), Instant::now());
    let alice = claim(&mut names, "alice", '1', now);
    for name in ["aIice", "a1ice", "alice_", "-Alice", "ALlCE"] {
        for shown in [None, Some(&token('2'))] {
            let refused = names.claim(&user(name), shown, token('2'), now).unwrap_err();
            assert_eq!(refused, ClaimError::LooksAlike, "{name}");
        }
    }
    assert!(names.claim(&user("alicia"), None, token('2'), now).is_ok());
    assert!(names.claim(&user("ALICE"), Some(&alice.token), token('2'), now).is_ok());
    for _ in 0..2 {
        names.release(alice.owner, now);
    }
    let soon = now + limits::HOLD_AFTER_DROP - limits::PACING_MAX;
    assert!(names.claim(&user("a1ice"), None, token('2'), soon).is_err(), "alice may return");
    let later = now + limits::HOLD_AFTER_DROP;
    assert!(names.claim(&user("a1ice"), None, token('4'), later).is_ok());
    let refused = names.claim(&user("alice"), None, token('3'), later).unwrap_err();
    assert_eq!(refused, ClaimError::LooksAlike, "in either order");
    assert!(matches!(
        names.claim(&user("aliᴄe"), None, token('3'), later),
        Err(ClaimError::NotClaimable(_))
    ));
}

#[test]
fn a_new_name_may_look_like_a_name_of_its_owner_and_of_no_one_else() {
    let (mut names, now) = (NameRegistry::new(7 * DAY), Instant::now());
    let bob = claim(&mut names, "bob_", '1', now);
    names.set_posted(bob.owner, now);
    let eve = claim(&mut names, "eve", '2', now);
    let other = names.rename(&eve, &user("Bob"), None, now);
    assert_eq!(other.unwrap_err(), ClaimError::LooksAlike);
    names.rename(&bob, &user("Bob"), None, now).unwrap();
    names.rename(&bob, &user("robert"), None, now).unwrap();
    names.release(bob.owner, now);
    let later = now + limits::HOLD_AFTER_DROP;
    let other = names.rename(&eve, &user("b0b"), None, later);
    assert_eq!(other.unwrap_err(), ClaimError::LooksAlike, "former names are held too");
    let other = names.rename(&eve, &user("BOB_"), None, later);
    assert_eq!(other.unwrap_err(), ClaimError::Taken);
}

#[test]
fn a_person_is_the_same_under_each_name_and_only_their_current_one_is_in_use() {
    let (mut names, now) = (NameRegistry::new(90 * DAY), Instant::now());
    let ann = claim(&mut names, "ann", '1', now);
    names.set_posted(ann.owner, now);
    names.set_away(ann.owner, AwayMessage::parse("lunch").ok());
    let kim = names.rename(&ann, &user("kim"), None, now).unwrap();
    assert_eq!((kim.identity.owner, kim.former), (ann.owner, Some(user("ann"))));
    assert_eq!(kim.identity.token, ann.token);
    assert!(names.away(ann.owner).is_some(), "away goes along");

    let phone = names.claim(&user("ann"), Some(&token('1')), token('9'), now).unwrap();
    assert_eq!((phone.identity.user, phone.former), (user("kim"), None), "a device that missed it");
    assert_eq!(names.connections(ann.owner), 2);
    let laptop = names.claim(&user("zoe"), Some(&token('1')), token('9'), now).unwrap();
    assert_eq!((laptop.identity.owner, laptop.former), (ann.owner, Some(user("kim"))));
    assert_eq!(names.label(ann.owner).unwrap(), laptop.identity.label());
    assert!(laptop.identity.revision > kim.identity.revision);

    let back = names.rename(&ann, &user("ann"), None, now).unwrap();
    assert_eq!((back.identity.user, back.former), (user("ann"), Some(user("zoe"))));
    assert!(names.rename(&ann, &user("ann"), None, now).unwrap().former.is_none());
    for name in ["kim", "zoe", "ANN"] {
        let refused = names.claim(&user(name), Some(&token('2')), token('9'), now).unwrap_err();
        assert_eq!(refused, ClaimError::Taken, "{name} stays reserved");
    }
}

#[test]
fn a_former_name_is_held_as_long_as_any_other() {
    let (mut names, start) = (NameRegistry::new(90 * DAY), Instant::now());
    let ann = claim(&mut names, "ann", '1', start);
    names.rename(&ann, &user("kim"), None, start).unwrap();
    names.set_posted(ann.owner, start + DAY); // before the minute of those who never post was over, or not
    let stranger = |names: &mut NameRegistry, name: &str, at| {
        names.claim(&user(name), Some(&token('2')), token('9'), at).is_ok()
    };
    assert!(!stranger(&mut names, "ann", start + 90 * DAY), "held from the first post on");
    assert!(stranger(&mut names, "ann", start + 91 * DAY));
    assert!(!stranger(&mut names, "kim", start + 300 * DAY), "in use");
    names.release(ann.owner, start + 300 * DAY);
    assert!(!stranger(&mut names, "kim", start + 389 * DAY));
    assert!(stranger(&mut names, "kim", start + 391 * DAY));
}

#[test]
fn names_last_over_a_holiday_of_89_days_and_not_of_91_also_over_a_restart() {
    let start = Now { instant: Instant::now(), unix_ms: 1_000_000 };
    let mut names = NameRegistry::new(limits::HOLD_NAMES);
    let ann = claim(&mut names, "ann", '1', start.instant);
    names.set_posted(ann.owner, start.instant);
    names.rename(&ann, &user("kim"), None, start.instant).unwrap();
    names.release(ann.owner, start.instant);
    for (days, is_held) in [(89, true), (91, false)] {
        let later = DAY * days;
        let unix_ms = start.unix_ms + u64::try_from(later.as_millis()).unwrap();
        let now = Now { instant: start.instant + later, unix_ms };
        let mut again = NameRegistry::<()>::new(limits::HOLD_NAMES);
        again.restore(names.saved_claims(start), now);
        for name in ["ann", "kim"] {
            assert_eq!(names.owner(name, now.instant).is_some(), is_held, "{name}, {days} days");
            assert_eq!(again.owner(name, now.instant).is_some(), is_held, "{name}, {days} days");
        }
    }
}

#[test]
fn a_sixth_name_gives_back_the_one_that_was_used_least() {
    let (mut names, start) = (NameRegistry::new(90 * DAY), Instant::now());
    let ann = claim(&mut names, "one", '1', start);
    names.set_posted(ann.owner, start);
    for (hour, name) in (1..).zip(["two", "three", "four", "five", "one", "six"]) {
        let at = start + Duration::from_secs(3_600) * hour;
        names.rename(&ann, &user(name), None, at).unwrap();
    }
    let now = start + DAY;
    let held = ["one", "two", "three", "four", "five", "six"]
        .map(|name| names.owner(&user(name).key(), now).is_some());
    assert_eq!(held, [true, false, true, true, true, true], "one was used again");
    let eve = claim(&mut names, "eve", '2', now);
    assert!(names.rename(&eve, &user("two"), None, now).is_ok(), "a third may have it at once");
    assert!(names.rename(&ann, &user("two"), None, now).is_err(), "and then it is that person's");
    let two = names.rename(&ann, &user("two"), Some(&eve.token), now).unwrap().identity;
    assert_eq!((two.owner, two.token), (eve.owner, eve.token), "unless their key is shown");
    assert_eq!((names.connections(ann.owner), names.connections(two.owner)), (0, 2));
}

/// What an older version has stored of a person with the token `digit`.
fn old_claim(name: &str, digit: char) -> SavedClaim {
    let (user, token) = (user(name), token(digit));
    let owner = OwnerId::of_name_and_token(&user, &token);
    SavedClaim { user, owner, key: None, posted: true, is_former: false, until: None, away: None }
}

#[test]
fn the_key_of_a_name_of_an_older_version_is_that_owner_under_every_name() {
    let start = Now { instant: Instant::now(), unix_ms: 1_000_000 };
    let old = old_claim("ann", '1');
    let mut names = NameRegistry::new(90 * DAY);
    names.restore([old.clone(), old_claim("bob", '2')], start);
    let ann = claim(&mut names, "Ann", '1', start.instant);
    assert_eq!((ann.owner, ann.user.as_str()), (old.owner, "ann"));
    names.rename(&ann, &user("kim"), None, start.instant).unwrap();
    names.release(ann.owner, start.instant);

    let mut again = NameRegistry::new(90 * DAY); // and over a restart
    again.restore(names.saved_claims(start), start);
    for (wanted, name) in [("ann", "kim"), ("kim", "kim"), ("zoe", "zoe"), ("kim", "zoe")] {
        let identity = claim(&mut again, wanted, '1', start.instant);
        assert_eq!((identity.owner, identity.user), (old.owner, user(name)), "{wanted}");
    }
    let other = again.claim(&user("kim"), Some(&token('2')), token('9'), start.instant);
    assert_eq!(other.unwrap_err(), ClaimError::Taken);
    let new = claim(&mut again, "new", '3', start.instant);
    assert_eq!(new.owner, OwnerId::of_key(&token('3')));
}

#[test]
fn one_old_key_of_two_names_stays_the_key_of_both_owners() {
    let start = Now { instant: Instant::now(), unix_ms: 1_000_000 };
    let (ann, bob) = (old_claim("ann", '1'), old_claim("bob", '1'));
    let mut names = NameRegistry::new(90 * DAY);
    names.restore([ann.clone(), bob.clone()], start);
    for _ in 0..2 {
        assert_eq!(claim(&mut names, "ann", '1', start.instant).owner, ann.owner);
        assert_eq!(claim(&mut names, "bob", '1', start.instant).owner, bob.owner);
    }
    assert_eq!(claim(&mut names, "new", '1', start.instant).owner, ann.owner, "the first shown");
}

#[test]
fn the_current_name_is_the_same_after_a_restart_whatever_part_of_a_rename_was_stored() {
    let start = Now { instant: Instant::now(), unix_ms: 1_000_000 };
    let mut names = NameRegistry::new(90 * DAY);
    let ann = claim(&mut names, "ann", '1', start.instant);
    names.set_posted(ann.owner, start.instant);
    let before = names.take_changed(start);
    names.rename(&ann, &user("kim"), None, start.instant).unwrap();
    let renamed = names.take_changed(start);
    assert_eq!(renamed.len(), 2);
    for stored in 0..=renamed.len() {
        let mut again = NameRegistry::<()>::new(90 * DAY);
        again.restore(before.iter().chain(&renamed[..stored]).cloned(), start);
        let expected = if stored == 2 { "kim" } else { "ann" };
        assert_eq!(again.label(ann.owner).unwrap().user, user(expected), "{stored} lines");
        assert_eq!(again.count(), stored.max(1));
    }
    let mut again = NameRegistry::<()>::new(90 * DAY);
    again.restore(before.iter().chain(renamed.iter().rev()).cloned(), start);
    assert_eq!(again.label(ann.owner).unwrap().user, user("kim"), "in either order");
}

#[test]
fn owners_keep_the_names_that_they_claimed_under_weaker_rules() {
    let start = Now { instant: Instant::now(), unix_ms: 1_000_000 };
    let saved = |name: &str| SavedClaim {
        user: user(name),
        owner: OwnerId::of_name_and_token(&user(name), &token('1')),
        key: None,
        posted: true,
        is_former: false,
        until: None,
        away: None,
    };
    let old = ["alice", "a1ice", "aliᴄe", "bob.", "b০b", "...", "taIk"];
    let mut names = NameRegistry::new(7 * DAY);
    names.restore(old.map(saved), start);
    for name in old {
        let refused = names.claim(&user(name), None, token('2'), start.instant).unwrap_err();
        assert_eq!(refused, ClaimError::Taken, "{name}");
        names.claim(&user(name), Some(&token('1')), token('2'), start.instant).expect(name);
    }
    let refused = names.claim(&user("Alice."), None, token('2'), start.instant).unwrap_err();
    assert_eq!(refused, ClaimError::LooksAlike, "new names are checked against restored ones");
    names.release(OwnerId::of_name_and_token(&user("b০b"), &token('1')), start.instant);
    let lapsed = start.instant + 7 * DAY;
    let refused = names.claim(&user("b০b"), Some(&token('1')), token('2'), lapsed).unwrap_err();
    assert!(matches!(refused, ClaimError::NotClaimable(_)), "once it has lapsed it is a new name");
}

#[test]
fn a_held_name_takes_no_spelling_that_is_refused_for_a_new_one() {
    let (mut names, now) = (NameRegistry::new(DAY), Instant::now());
    let sun = claim(&mut names, "sun", '1', now);
    assert!(user("ſun").is_same_claim(&user("sun")));
    let refused = names.rename(&sun, &user("ſun"), None, now);
    assert!(matches!(refused, Err(ClaimError::NotClaimable(_))));
    assert_eq!(claim(&mut names, "ſun", '1', now).user, user("sun"), "hello changes no spelling");
    let spelled = names.rename(&sun, &user("SUN"), None, now).unwrap();
    assert_eq!((spelled.identity.user, spelled.former), (user("SUN"), Some(user("sun"))));
}

#[test]
fn the_look_alikes_of_lapsed_names_are_forgotten() {
    let (mut names, now) = (NameRegistry::new(DAY), Instant::now());
    for n in 0..10_000_u32 {
        let at = now + limits::HOLD_AFTER_DROP * n;
        let name = user(&format!("Ναι{n}")); // three skeletons
        let owner = names.claim(&name, None, any_token(n), at).unwrap().identity.owner;
        names.release(owner, at);
    }
    assert!(
        names.table.skeleton_count() <= 8 * 1_024,
        "{} skeletons",
        names.table.skeleton_count()
    );
}

proptest::proptest! {
    /// However names are spelled, no two that are held look alike.
    #[test]
    fn no_two_held_names_have_a_skeleton_in_common(
        asked in proptest::collection::vec("[aIl1ilоОo0._-]{1,4}", 1..60)
    ) {
        let (mut names, now) = (NameRegistry::new(DAY), Instant::now());
        let (mut held, mut count): (Vec<UserName>, u32) = (Vec::new(), 0);
        for name in asked.iter().filter_map(|name| name.parse::<UserName>().ok()) {
            count += 1;
            if names.claim(&name, None, any_token(count), now).is_ok() {
                held.push(name);
            } else if name.check_claimable().is_ok() {
                let skeletons = name.skeletons();
                let is_alike = |held: &UserName| held.skeletons().iter().any(|s| skeletons.contains(s));
                proptest::prop_assert!(held.iter().any(is_alike), "{name} is refused without a reason");
            }
        }
        let all: Vec<String> = held.iter().flat_map(UserName::skeletons).collect();
        let distinct: HashSet<&String> = all.iter().collect();
        proptest::prop_assert_eq!(all.len(), distinct.len(), "{:?}", held);
    }
}

#[test]
fn a_change_of_a_persons_name_is_told_once_whatever_has_caused_it() {
    let (mut names, now) = (NameRegistry::new(7 * DAY).with_max(4), Instant::now());
    let told = |names: &mut NameRegistry| {
        let mut told = names.take_renamed();
        told.sort();
        told
    };
    let bob = claim(&mut names, "bob", '1', now);
    assert_eq!(told(&mut names), [(bob.owner, Some(user("bob")))]);
    claim(&mut names, "bob", '1', now);
    names.set_posted(bob.owner, now);
    assert_eq!(told(&mut names), [], "a second device");
    names.rename(&bob, &user("rob"), None, now).unwrap();
    names.rename(&bob, &user("Rob"), None, now).unwrap();
    assert_eq!(told(&mut names), [(bob.owner, Some(user("Rob")))], "the last one");

    // A name that lapses, and is somebody else's at once.
    let eve = claim(&mut names, "eve", '2', now);
    names.release(eve.owner, now);
    let later = now + Duration::from_secs(60);
    let other = claim(&mut names, "eve", '3', later);
    let mut wanted = vec![(eve.owner, None), (other.owner, Some(user("eve")))];
    wanted.sort();
    assert_eq!(told(&mut names), wanted);

    // Of too many names, the current one of a person who is not connected is given back first: a former one is left.
    names.release(bob.owner, later);
    names.release(bob.owner, later);
    names.release(other.owner, later);
    let saved = names.saved_claims(Now { instant: later, unix_ms: 0 });
    let mut again = NameRegistry::<()>::new(7 * DAY);
    again.restore(saved, Now { instant: later, unix_ms: 0 });
    assert_eq!(told(&mut again), [], "at a start all names are read");
    again.rename(&bob, &user("zoe"), None, later + 8 * DAY).unwrap();
    let told = told(&mut again);
    assert!(told.contains(&(bob.owner, Some(user("zoe")))), "{told:?}");
    assert!(told.contains(&(other.owner, None)), "{told:?}");
}
