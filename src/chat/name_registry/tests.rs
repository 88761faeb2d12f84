//! Claims, holds and away messages of the registry of names.

use super::*;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn user(name: &str) -> UserName {
    name.parse().unwrap()
}

fn token(digit: char) -> Token {
    digit.to_string().repeat(32).parse().unwrap()
}

#[test]
fn a_held_name_needs_its_token_in_any_case() {
    let (mut names, now) = (NameRegistry::new(7 * DAY), Instant::now());
    let bob = names.claim(&user("bob"), None, token('1'), now).unwrap();
    assert_eq!(bob.token, token('1'));
    assert!(names.claim(&user("BOB"), None, token('2'), now).is_err());
    assert!(names.claim(&user("Bob"), Some(&token('3')), token('2'), now).is_err());
    let device = names.claim(&user("Bob"), Some(&bob.token), token('2'), now).unwrap();
    assert_eq!((device.owner, device.token), (bob.owner, token('1')));
    assert_eq!(device.user, user("Bob"), "spelled as this device does");
}

#[test]
fn a_dropped_name_is_held_for_a_minute_and_a_posters_for_days() {
    let (mut names, now) = (NameRegistry::new(7 * DAY), Instant::now());
    let bob = names.claim(&user("bob"), None, token('1'), now).unwrap();
    names.claim(&user("bob"), Some(&bob.token), token('2'), now).unwrap();
    names.release(&user("bob"), now);
    let later = now + 30 * DAY;
    assert!(names.claim(&user("bob"), None, token('3'), later).is_err(), "one device is left");

    names.release(&user("bob"), later);
    let soon = later + Duration::from_secs(59);
    assert!(names.claim(&user("bob"), None, token('3'), soon).is_err());
    let late = later + Duration::from_secs(60);
    let other = names.claim(&user("bob"), None, token('3'), late).unwrap();
    assert_ne!(other.owner, bob.owner);

    names.set_posted(&user("bob"));
    names.release(&user("bob"), late);
    assert!(
        names.claim(&user("bob"), None, token('4'), late + 7 * DAY - limits::PACING_MAX).is_err()
    );
    assert!(names.claim(&user("bob"), None, token('4'), late + 7 * DAY).is_ok());
}

#[test]
fn a_free_name_gets_the_token_that_its_former_owner_sends() {
    let (mut names, now) = (NameRegistry::new(DAY), Instant::now());
    let laptop = names.claim(&user("bob"), Some(&token('7')), token('1'), now).unwrap();
    let phone = names.claim(&user("bob"), Some(&token('7')), token('2'), now).unwrap();
    assert_eq!(laptop.owner, phone.owner);
}

#[test]
fn an_away_message_survives_a_short_absence_and_not_a_long_one() {
    let start = Instant::now();
    let lunch = || Some(AwayMessage::parse("lunch").unwrap());
    let after = |absence: Duration| {
        let mut names = NameRegistry::new(7 * DAY);
        let bob = names.claim(&user("bob"), None, token('1'), start).unwrap();
        names.set_posted(&user("bob"));
        names.set_away(&user("BOB"), lunch());
        names.release(&user("bob"), start);
        let saved = names.take_changed(Now { instant: start, unix_ms: 0 });
        let mut restored = NameRegistry::new(7 * DAY);
        let unix_ms = u64::try_from(absence.as_millis()).unwrap();
        restored.restore(saved, Now { instant: start + absence, unix_ms });
        for names in [&mut names, &mut restored] {
            names.claim(&user("bob"), Some(&bob.token), token('2'), start + absence).unwrap();
        }
        (names.away(&user("bob")), restored.away(&user("bob")))
    };
    assert_eq!(after(limits::HOLD_AFTER_DROP - limits::PACING_MAX), (lunch(), lunch()));
    assert_eq!(after(limits::HOLD_AFTER_DROP), (None, None), "over a restart as well");
    let mut names = NameRegistry::new(DAY);
    names.claim(&user("bob"), None, token('1'), start).unwrap();
    names.set_away(&user("bob"), lunch());
    names.set_away(&user("bob"), None);
    assert_eq!(names.away(&user("bob")), None);
}

#[test]
fn lapsed_claims_are_forgotten() {
    let (mut names, now) = (NameRegistry::new(DAY), Instant::now());
    for n in 0..5_000_u32 {
        let at = now + limits::HOLD_AFTER_DROP * n;
        let name = user(&format!("user{n}"));
        names.claim(&name, None, token('1'), at).unwrap();
        names.release(&name, at);
    }
    assert!(names.count() <= 2, "{} claims", names.count());
}

/// A registry of `max` claims: `posters` that posted and `visitors` that did not, each a second after
/// the one before; no one is connected.
fn full(max: usize, posters: &str, visitors: &str, start: Instant) -> NameRegistry<()> {
    let mut names = NameRegistry::new(7 * DAY).with_max(max);
    for (second, name) in (0..).zip(posters.split(' ').chain(visitors.split(' '))) {
        let at = start + Duration::from_secs(second);
        names.claim(&user(name), None, token('1'), at).unwrap();
        if posters.contains(name) {
            names.set_posted(&user(name));
        }
        names.release(&user(name), at);
    }
    names
}

#[test]
fn beyond_the_maximum_the_names_used_least_are_free_again() {
    let start = Instant::now();
    let now = start + Duration::from_secs(9);
    let mut names = full(4, "ann ben", "cat dan", start);
    let is_held = |names: &NameRegistry<()>, name: &str| names.owner(name, now).is_some();
    for (newcomer, given_back) in [("eve", "cat"), ("fay", "dan"), ("gus", "ann"), ("hal", "ben")] {
        assert!(is_held(&names, given_back), "{given_back}");
        names.claim(&user(newcomer), None, token('2'), now).unwrap();
        assert!(!is_held(&names, given_back) && is_held(&names, newcomer), "{given_back}");
        assert_eq!(names.count(), 4);
    }
    names.claim(&user("ida"), None, token('2'), now).unwrap();
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
    let claim = names.claim_if(None, &bob, (Some(&one), two.clone()), now, refuse);
    assert_eq!(claim.unwrap_err(), Refused::NotAdmitted);
    assert!(names.claim_if(None, &bob, (Some(&one), two.clone()), now, admit).is_ok());
    assert!(
        names.claim_if(None, &bob, (Some(&one), two.clone()), now, refuse).is_ok(),
        "another device"
    );
    let taken = names.claim_if(None, &user("BOB"), (None, two.clone()), now, refuse);
    assert_eq!(taken.unwrap_err(), Refused::Taken, "the more useful answer");
    assert_eq!(Arc::strong_count(&kept), 2);
    names.release(&bob, now);
    names.release(&bob, now);
    let lapsed = now + limits::HOLD_AFTER_DROP;
    let claim = names.claim_if(None, &bob, (Some(&one), two.clone()), lapsed, refuse);
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
    let claim = |names: &mut NameRegistry, name: &str, digit| {
        names.claim(&user(name), None, token(digit), start.instant).unwrap()
    };
    let poster = claim(&mut names, "poster", '1');
    claim(&mut names, "visitor", '2');
    claim(&mut names, "here", '3');
    assert!(names.set_posted(&user("poster")) && !names.set_posted(&user("poster")));
    names.release(&user("poster"), start.instant);
    names.release(&user("visitor"), start.instant);
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
    let back = again.claim(&user("poster"), Some(&token('1')), token('9'), now(DAY).instant);
    assert_eq!(back.unwrap().owner, poster.owner);
}

#[test]
fn a_free_name_that_looks_like_a_held_one_is_refused_until_that_lapses() {
    let (mut names, now) = (NameRegistry::new(7 * DAY), Instant::now());
    let alice = names.claim(&user("alice"), None, token('1'), now).unwrap();
    for name in ["aIice", "a1ice", "alice_", "-Alice", "ALlCE"] {
        for shown in [None, Some(&alice.token)] {
            let refused = names.claim(&user(name), shown, token('2'), now).unwrap_err();
            assert_eq!(refused, ClaimError::LooksAlike, "{name}");
        }
    }
    assert!(names.claim(&user("alicia"), None, token('2'), now).is_ok());
    assert!(names.claim(&user("ALICE"), Some(&alice.token), token('2'), now).is_ok());
    for _ in 0..2 {
        names.release(&user("alice"), now);
    }
    let soon = now + limits::HOLD_AFTER_DROP - limits::PACING_MAX;
    assert!(names.claim(&user("a1ice"), None, token('2'), soon).is_err(), "alice may return");
    let later = now + limits::HOLD_AFTER_DROP;
    assert!(names.claim(&user("a1ice"), None, token('2'), later).is_ok());
    let refused = names.claim(&user("alice"), None, token('3'), later).unwrap_err();
    assert_eq!(refused, ClaimError::LooksAlike, "in either order");
    assert!(matches!(
        names.claim(&user("aliᴄe"), None, token('3'), later),
        Err(ClaimError::NotClaimable(_))
    ));
}

#[test]
fn a_new_name_may_look_like_the_name_that_its_owner_leaves() {
    let (mut names, now) = (NameRegistry::new(7 * DAY), Instant::now());
    names.claim(&user("bob_"), None, token('1'), now).unwrap();
    names.set_posted(&user("bob_"));
    names.claim(&user("eve"), None, token('2'), now).unwrap();
    let (own, eve) = (user("bob_"), user("eve"));
    let other = names.claim_beside(Some(&eve), &user("Bob"), None, token('2'), now);
    assert_eq!(other.unwrap_err(), ClaimError::LooksAlike);
    names.claim_beside(Some(&own), &user("Bob"), None, token('3'), now).unwrap();
    names.release(&own, now);
    names.release(&user("Bob"), now);
    let later = now + limits::HOLD_AFTER_DROP;
    let other = names.claim_beside(Some(&eve), &user("b0b"), None, token('2'), later);
    assert_eq!(other.unwrap_err(), ClaimError::LooksAlike, "bob_ is still held");
}

#[test]
fn owners_keep_the_names_that_they_claimed_under_weaker_rules() {
    let start = Now { instant: Instant::now(), unix_ms: 1_000_000 };
    let saved = |name: &str| SavedClaim {
        user: user(name),
        owner: OwnerId::of(&user(name), &token('1')),
        posted: true,
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
    names.release(&user("b০b"), start.instant);
    let lapsed = start.instant + 7 * DAY;
    let refused = names.claim(&user("b০b"), Some(&token('1')), token('2'), lapsed).unwrap_err();
    assert!(matches!(refused, ClaimError::NotClaimable(_)), "once it has lapsed it is a new name");
}

#[test]
fn a_held_name_takes_no_spelling_that_is_refused_for_a_new_one() {
    let (mut names, now) = (NameRegistry::new(DAY), Instant::now());
    let sun = names.claim(&user("sun"), None, token('1'), now).unwrap();
    assert!(user("ſun").is_same_claim(&user("sun")));
    assert!(matches!(
        names.claim(&user("ſun"), Some(&sun.token), token('2'), now),
        Err(ClaimError::NotClaimable(_))
    ));
    assert!(names.claim(&user("SUN"), Some(&sun.token), token('2'), now).is_ok());
}

#[test]
fn the_look_alikes_of_lapsed_names_are_forgotten() {
    let (mut names, now) = (NameRegistry::new(DAY), Instant::now());
    for n in 0..10_000_u32 {
        let at = now + limits::HOLD_AFTER_DROP * n;
        let name = user(&format!("Ναι{n}")); // three skeletons
        names.claim(&name, None, token('1'), at).unwrap();
        names.release(&name, at);
    }
    assert!(names.look_alikes.len() <= 8 * 1_024, "{} skeletons", names.look_alikes.len());
}

proptest::proptest! {
    /// However names are spelled, no two that are held look alike.
    #[test]
    fn no_two_held_names_have_a_skeleton_in_common(
        asked in proptest::collection::vec("[aIl1ilоОo0._-]{1,4}", 1..60)
    ) {
        let (mut names, now) = (NameRegistry::new(DAY), Instant::now());
        let mut held: Vec<UserName> = Vec::new();
        for name in asked.iter().filter_map(|name| name.parse::<UserName>().ok()) {
            if names.claim(&name, None, token('1'), now).is_ok() {
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
