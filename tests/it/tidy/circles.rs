//! No circle of files: where one imports another, that other imports neither it nor anything that does.

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

/// The imports of all crates.
pub(super) fn all_imports() -> Graph {
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
    assert!(found.is_empty(), "files import each other in a circle: {found:#?}");
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
