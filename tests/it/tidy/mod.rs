//! Rules on the source tree: which file may import which, and what no file may contain.

mod circles; // no circle of imports
mod folders; // the order of the folders in a crate
mod graph; // circles in a graph
mod imports; // which file imports which
mod tokens; // Rust source as tokens

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each folder or file of the library and those it may import from, besides itself: the layers of the
/// architecture.
const LAYERS: &[(&str, &[&str])] = &[
    ("limits", &[]),
    ("json", &["limits"]),
    ("cli", &[]),
    ("metrics", &[]),
    ("failpoint", &[]),
    ("time", &[]),
    ("ws", &["limits"]),
    ("http", &["limits", "time"]),
    ("handshake", &["http", "limits"]),
    ("chat", &["json", "limits", "time"]),
    ("ownership", &[]),
    ("log", &["json", "chat", "limits", "metrics", "failpoint", "ownership"]),
    ("net", &["http", "ws", "limits", "failpoint"]),
    ("client", &["net", "handshake", "chat", "http", "ws", "json", "limits"]),
    (
        "server",
        &[
            "net",
            "handshake",
            "chat",
            "log",
            "http",
            "ws",
            "json",
            "limits",
            "metrics",
            "time",
            "failpoint",
        ],
    ),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|extension| extension == ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The Rust files of a folder of the library without its tests, which may import anything.
fn code_files(name: &str) -> Vec<PathBuf> {
    let single = root().join(format!("src/{name}.rs"));
    if single.exists() {
        return vec![single];
    }
    let mut paths = files(&root().join("src").join(name), "rs");
    paths.retain(|path| {
        let path = path.strip_prefix(root()).unwrap(); // a folder above may be called `tests`
        let parts: Vec<_> = path.iter().filter_map(|part| part.to_str()).collect();
        !parts
            .iter()
            .any(|part| matches!(*part, "tests" | "tests.rs" | "properties.rs" | "vectors.rs"))
    });
    assert!(!paths.is_empty(), "no such folder: {name}");
    paths
}

/// The file without its tests, which may import anything.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned()
}

/// The folders that a file imports, by `use crate::folder` or by a path in its code.
fn imports(code: &str) -> BTreeSet<String> {
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    let text: Vec<&str> = lines.collect();
    let mut folders = BTreeSet::new();
    for part in text.join("\n").split("crate::").skip(1) {
        if let Some(group) = part.strip_prefix('{') {
            let inside = group.split('}').next().unwrap_or_default();
            folders.extend(inside.split(',').map(first_word));
        } else {
            folders.insert(first_word(part));
        }
    }
    folders.retain(|folder| !folder.is_empty());
    folders
}

fn first_word(text: &str) -> String {
    text.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

#[test]
fn a_file_imports_from_its_own_folder_and_from_lower_layers_only() {
    let mut faults = Vec::new();
    for (name, allowed) in LAYERS {
        for path in code_files(name) {
            for import in imports(&code(&path)) {
                if import != *name && !allowed.contains(&import.as_str()) {
                    faults.push(format!("{} imports {import}", path.display()));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn every_module_is_in_the_table_of_layers() {
    let listed: BTreeSet<String> = LAYERS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let lib = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let declared = lib
        .lines()
        .filter_map(|line| line.strip_prefix("pub ").unwrap_or(line).strip_prefix("mod "))
        .map(first_word);
    assert_eq!(listed, declared.collect());
}

#[test]
fn every_folder_says_what_it_depends_on() {
    let mut silent = Vec::new();
    for folder in ["src", "console-client"] {
        for path in files(&root().join(folder), "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let lines = text.lines().map_while(|line| line.strip_prefix("//!"));
            let doc: Vec<&str> = lines.map(str::trim).collect();
            let doc = doc.join(" ");
            let depends = doc.split_once("Depends on ").map(|(_, rest)| rest.contains("; never "));
            if path.ends_with("mod.rs") && depends != Some(true) {
                silent.push(path);
            }
        }
    }
    assert!(silent.is_empty(), "without \"Depends on …; never on …\": {silent:#?}");
}

#[test]
fn no_folder_uses_what_it_must_not() {
    let forbidden: &[(&str, &[&str])] = &[
        ("ws", &["std::net", "std::io", "std::thread", "std::time", "std::fs"]),
        ("http", &["std::io", "std::thread", "std::time", "std::fs", "TcpStream"]),
        ("handshake", &["std::io", "std::thread", "std::time", "std::fs", "TcpStream"]),
        ("chat", &["std::net", "std::io", "std::thread", "std::fs", "Instant::now", "SystemTime"]),
        ("net", &["chat"]),
        ("server", &["std::env", "process::exit", "std::process"]),
        ("client", &["std::env", "std::process", "stdin", "stdout"]),
    ];
    let mut faults = Vec::new();
    for (name, words) in forbidden {
        for path in code_files(name) {
            let code = code(&path);
            let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
            for line in lines {
                for word in *words {
                    if line.contains(word) {
                        faults.push(format!("{}: {word}: {line}", path.display()));
                    }
                }
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn every_file_begins_with_what_it_is() {
    let mut silent = Vec::new();
    for (folder, ending, opening) in [
        ("src", "rs", "//!"),
        ("console-client", "rs", "//!"),
        ("tests/it", "rs", "//!"),
        ("tests/common", "rs", "//!"),
        ("tests/panics", "rs", "//!"),
        ("tests/properties", "rs", "//!"),
        ("benches", "rs", "//!"),
        ("examples", "rs", "//!"),
        ("static", "js", "//"),
    ] {
        for path in files(&root().join(folder), ending) {
            if !fs::read_to_string(&path).unwrap().starts_with(opening) {
                silent.push(path);
            }
        }
    }
    assert!(silent.is_empty(), "{silent:#?}");
}

#[test]
fn the_page_never_makes_markup_of_text() {
    let words = [
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
        "createContextualFragment",
        "parseFromString",
        "setHTMLUnsafe",
        "javascript:",
        "<style",
        "style=",
    ];
    let mut faults = Vec::new();
    let folder = root().join("static");
    for path in files(&folder, "js").into_iter().chain(files(&folder, "html")) {
        let text = fs::read_to_string(&path).unwrap();
        let handlers = text.split_whitespace().filter(|word| {
            let name = word.split('=').next().unwrap_or_default();
            word.contains("=\"") && name.starts_with("on") && name.chars().all(char::is_alphabetic)
        });
        faults.extend(handlers.map(|word| format!("{}: {word}", path.display())));
        let found = words.iter().filter(|word| text.contains(**word));
        faults.extend(found.map(|word| format!("{}: {word}", path.display())));
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn the_page_requests_nothing_from_other_hosts() {
    let folder = root().join("static");
    for ending in ["js", "html", "css"] {
        for path in files(&folder, ending) {
            for line in fs::read_to_string(&path).unwrap().lines() {
                let own = line.replace("http://www.w3.org/", "");
                let asks = ["src=\"http", "href=\"http", "url(http", "from \"http", "fetch(\"http"];
                assert!(!asks.iter().any(|ask| own.contains(ask)), "{}: {line}", path.display());
            }
        }
    }
}
