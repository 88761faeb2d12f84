//! The folders inside a crate have an order: none imports from a higher one.

use super::circles::all_imports;

/// For each crate or folder its parts, from the lowest to the highest. A part imports from itself and from
/// the parts before it.
const ORDERS: &[&[&str]] = &[
    &[
        "src/server/tunable_limits.rs",
        "src/server/limit_table.rs",
        "src/server/config.rs",
        "src/server/capacity.rs",
        "src/server/logger.rs",
        "src/server/metrics.rs",
        "src/server/clock.rs",
        "src/server/quotas/",
        "src/server/clients/",
        "src/server/room/",
        "src/server/state/",
        "src/server/commands/",
        "src/server/http/",
        "src/server/connection/",
        "src/server/disk_watch.rs",
        "src/server/background.rs",
        "src/server/mod.rs",
    ],
    &[
        "src/main/exit.rs",
        "src/main/hints.rs",
        "src/main/bind.rs",
        "src/main/limit_flags.rs",
        "src/main/name_commands.rs",
        "src/main/admin.rs",
        "src/main/args.rs",
        "src/main.rs",
    ],
    &[
        "console-client/text/",
        "console-client/exit.rs",
        "console-client/stdio/",
        "console-client/args/",
        "console-client/storage/",
        "console-client/prompt.rs",
        "console-client/command/",
        "console-client/room/",
        "console-client/editor/",
        "console-client/connection_status.rs",
        "console-client/view/",
        "console-client/chat/",
        "console-client/check.rs",
        "console-client/script/",
        "console-client/plain/",
        "console-client/tui/",
        "console-client/main.rs",
    ],
];

/// The place of a file in an order.
fn place(order: &[&str], file: &str) -> Option<usize> {
    order.iter().position(|part| file.starts_with(part))
}

#[test]
fn no_file_imports_from_a_higher_folder() {
    let mut faults = Vec::new();
    for (from, to) in all_imports() {
        for order in ORDERS {
            let Some(own) = place(order, &from) else { continue };
            let higher = to.iter().filter(|file| place(order, file).is_some_and(|at| at > own));
            faults.extend(higher.map(|file| format!("{from} imports {file}")));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn every_file_has_a_place_in_the_order() {
    let folders = ["src/server/", "src/main", "console-client/"];
    let missing: Vec<String> = all_imports()
        .into_keys()
        .filter(|file| folders.iter().any(|folder| file.starts_with(folder)))
        .filter(|file| ORDERS.iter().all(|order| place(order, file).is_none()))
        .collect();
    assert!(missing.is_empty(), "without a place: {missing:#?}");
}
