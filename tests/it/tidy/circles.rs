//! No circle of files: where one imports another, that other imports neither it nor anything that does.

use std::collections::BTreeSet;

use super::graph::{Graph, circles};
use super::imports::imports;
use super::root;

/// The root files of the crates that are held to it.
const CRATES: &[&str] = &[
    "src/lib.rs",
    "src/main.rs",
    "console-client/main.rs",
    "benches/broadcast/main.rs",
    "benches/soak/main.rs",
    "benches/echo.rs",
    "benches/log.rs",
    "benches/micro.rs",
    "benches/stored.rs",
    "tests/it/main.rs",
    "tests/panics/main.rs",
];

/// Circles that there are for now. Each is to be taken apart, and then to be removed here.
const KNOWN: &[&[&str]] = &[
    &[
        "console-client/asking.rs",
        "console-client/main.rs",
        "console-client/script/listening.rs",
        "console-client/script/starting.rs",
    ],
    &["console-client/chat.rs", "console-client/chat/search.rs"],
    &["console-client/command.rs", "console-client/command/arguments.rs"],
    &["console-client/line.rs", "console-client/palette.rs"],
    &[
        "console-client/view.rs",
        "console-client/view/comings.rs",
        "console-client/view/loading.rs",
        "console-client/view/scrolling.rs",
    ],
    &["src/client/desk.rs", "src/client/link.rs"],
    &["src/handshake/accept.rs", "src/handshake/hosts.rs", "src/handshake/origin.rs"],
    &["src/json.rs", "src/json/reader.rs"],
    &[
        "src/log/durable.rs",
        "src/log/mod.rs",
        "src/log/page.rs",
        "src/log/recover.rs",
        "src/log/segment.rs",
        "src/log/shelf.rs",
        "src/log/walk.rs",
    ],
    &[
        "src/main.rs",
        "src/main/args.rs",
        "src/main/bind.rs",
        "src/main/limit.rs",
        "src/main/look.rs",
    ],
    &["src/server/house.rs", "src/server/metrics.rs"],
    &["src/ws/close.rs", "src/ws/error.rs", "src/ws/frame.rs"],
];

fn all_imports() -> Graph {
    let mut all = Graph::new();
    for file in CRATES {
        for (from, to) in imports(root(), &root().join(file)) {
            all.entry(from).or_default().extend(to);
        }
    }
    all
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let found = circles(&all_imports());
    let owned = |circle: &&[&str]| circle.iter().map(|file| (*file).to_owned()).collect();
    let known: BTreeSet<BTreeSet<String>> = KNOWN.iter().map(owned).collect();
    let new: Vec<_> = found.difference(&known).collect();
    assert!(new.is_empty(), "files import each other in a circle: {new:#?}");
    let gone: Vec<_> = known.difference(&found).collect();
    assert!(gone.is_empty(), "no circle any more, to be removed from the list: {gone:#?}");
}

#[test]
fn what_benches_and_tests_share_imports_nothing_above_it() {
    let may_import = [
        ("benches/support/", &["benches/support/", "tests/common/"][..]),
        ("tests/common/", &["tests/common/"]),
    ];
    let mut faults = Vec::new();
    for (from, to) in all_imports() {
        for (folder, allowed) in may_import {
            let is_fault = |file: &&String| !allowed.iter().any(|folder| file.starts_with(folder));
            if from.starts_with(folder) {
                faults.extend(
                    to.iter().filter(is_fault).map(|file| format!("{from} imports {file}")),
                );
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}
