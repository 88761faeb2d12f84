//! Which file of a crate imports which: from its root file along `mod` lines, and from the paths in each file.
//!
//! A path counts for the file that defines the item, though it may name a `mod.rs` that re-exports it; a
//! re-export by itself is no import of the file that has it, unless that file uses the name. Tests are left
//! out, as are items that macros make.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

use super::graph::Graph;
use super::tokens::{Token, tokens};

/// The names from the crate's root to a module.
type ModulePath = Vec<String>;

/// A crate's modules, by their paths.
#[derive(Default, Debug)]
struct Crate {
    modules: BTreeMap<ModulePath, Module>,
}

#[derive(Default, Debug)]
struct Module {
    file: PathBuf,
    children: BTreeSet<String>,
    uses: Vec<Use>,
    /// Paths in the code, outside `use`.
    paths: Vec<Vec<String>>,
    /// Words in the code, outside `use`.
    words: BTreeSet<String>,
}

/// One name that a `use` brings in.
#[derive(Debug)]
struct Use {
    path: Vec<String>,
    /// The name in this module; `*` for all.
    name: String,
    is_reexport: bool,
}

/// For each file of the crate that begins in `root` the files it imports, relative to `base`.
pub(super) fn imports(base: &Path, root: &Path) -> Graph {
    let mut found = Crate::default();
    let folder = root.parent().unwrap();
    found
        .read_file(&Vec::new(), root, folder, &|path| fs::read_to_string(path).unwrap_or_default()); // may not be there
    found.graph(base)
}

impl Crate {
    /// Reads a module and its children, which are in `folder`.
    fn read_file(
        &mut self,
        path: &ModulePath,
        file: &Path,
        folder: &Path,
        source: &dyn Fn(&Path) -> String,
    ) {
        let tokens = tokens(&source(file));
        assert!(!tokens.is_empty() || path.is_empty(), "no code for module {path:?}");
        self.read_tokens(path, file, folder, &tokens, source);
    }

    fn read_tokens(
        &mut self,
        path: &ModulePath,
        file: &Path,
        folder: &Path,
        mut rest: &[Token],
        source: &dyn Fn(&Path) -> String,
    ) {
        let mut module = Module { file: file.to_owned(), ..Module::default() };
        let (mut attribute_path, mut is_test, mut is_public) = (None, false, false);
        let mut children = Vec::new();
        while let Some(first) = rest.first() {
            let length = match first {
                Token::Sign('#') => {
                    let length = attribute_length(rest);
                    let attribute = &rest[..length];
                    is_test |= attribute.windows(3).any(|part| {
                        part[0].is_word("cfg") && part[1].is('(') && part[2].is_word("test")
                    }) || matches!(attribute, [_, _, test, _] if test.is_word("test"));
                    if let [_, _, path, _, Token::Text(text), _] = attribute
                        && path.is_word("path")
                    {
                        attribute_path = Some(text.clone());
                    }
                    rest = &rest[length..];
                    continue;
                }
                _ if is_test => item_length(rest),
                Token::Word(word) if word == "pub" => {
                    is_public = true;
                    let is_restricted = rest.get(1).is_some_and(|next| next.is('('));
                    rest = &rest[1 + if is_restricted { group_length(&rest[1..]) } else { 0 }..];
                    continue;
                }
                Token::Word(word) if word == "mod" && rest.len() > 2 => {
                    let name = rest[1].word().unwrap_or_default().to_owned();
                    module.children.insert(name.clone());
                    let inside = rest[2].is('{').then(|| &rest[3..1 + group_length(&rest[2..])]);
                    children.push((name, attribute_path.take(), inside));
                    item_length(rest)
                }
                Token::Word(word) if word == "use" => {
                    let length = item_length(rest);
                    add_uses(&[], &rest[1..length - 1], is_public, &mut module.uses);
                    length
                }
                Token::Word(_) => {
                    let path: Vec<String> = path_of(rest);
                    let length = path.len() * 2 - 1;
                    module.words.extend(path.iter().cloned());
                    if path.len() > 1 {
                        module.paths.push(path);
                    }
                    length
                }
                _ => 1,
            };
            rest = &rest[length..];
            (attribute_path, is_test, is_public) = (None, false, false);
        }
        self.modules.insert(path.clone(), module);
        for (name, attribute_path, inside) in children {
            let child = [path.as_slice(), std::slice::from_ref(&name)].concat();
            if let Some(inside) = inside {
                let folder = attribute_path.map_or(folder.join(&name), |path| folder.join(path));
                self.read_tokens(&child, file, &folder, inside, source);
            } else if let Some(relative) = attribute_path {
                let file = file.parent().unwrap().join(relative);
                self.read_file(&child, &file, file.parent().unwrap(), source);
            } else {
                let single = folder.join(&name).with_extension("rs");
                let (file, inside) = (folder.join(&name).join("mod.rs"), folder.join(&name));
                let file = if source(&single).is_empty() { file } else { single };
                self.read_file(&child, &file, &inside, source);
            }
        }
    }

    fn graph(&self, base: &Path) -> Graph {
        let name = |file: &Path| normal(file).strip_prefix(base).unwrap().display().to_string();
        let mut graph = Graph::new();
        for (path, module) in &self.modules {
            let used = module.uses.iter().filter(|one| {
                !one.is_reexport || (one.name != "*" && module.words.contains(&one.name))
            });
            let paths = used.map(|one| &one.path).chain(&module.paths);
            let from = graph.entry(name(&module.file)).or_default();
            let targets = paths.filter_map(|one| self.resolve(path, one, 0));
            from.extend(targets.filter(|file| *file != module.file).map(|file| name(&file)));
        }
        graph
    }

    /// The file that defines what `path` names in the module `at`; `None` outside this crate.
    fn resolve(&self, at: &ModulePath, path: &[String], depth: usize) -> Option<PathBuf> {
        let module = &self.modules[at];
        let (first, rest) = path.split_first()?;
        let start = match first.as_str() {
            "crate" => Vec::new(),
            "self" => at.clone(),
            "super" => at[..at.len().checked_sub(1)?].to_vec(),
            name if module.children.contains(name) => [at.as_slice(), &[name.to_owned()]].concat(),
            name => {
                let one = module.uses.iter().find(|one| one.name == name && one.path != path)?;
                let path = [one.path.as_slice(), rest].concat();
                return (depth < 16).then(|| self.resolve(at, &path, depth + 1)).flatten();
            }
        };
        self.descend(&start, rest, depth)
    }

    fn descend(&self, at: &ModulePath, rest: &[String], depth: usize) -> Option<PathBuf> {
        let module = self.modules.get(at)?;
        let Some((first, after)) = rest.split_first() else { return Some(module.file.clone()) };
        match first.as_str() {
            "super" => self.descend(&at[..at.len().checked_sub(1)?].to_vec(), after, depth),
            "self" => self.descend(at, after, depth),
            name if module.children.contains(name) => {
                self.descend(&[at.as_slice(), &[name.to_owned()]].concat(), after, depth)
            }
            name => {
                let one = module.uses.iter().find(|one| one.name == name);
                let Some(one) = one.filter(|_| depth < 16) else {
                    return Some(module.file.clone());
                };
                self.resolve(at, &[one.path.as_slice(), after].concat(), depth + 1)
            }
        }
    }
}

/// The path without `.` and `..`.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                normal.pop();
            }
            Component::CurDir => {}
            other => normal.push(other),
        }
    }
    normal
}

/// How many tokens `#[…]` or `#![…]` has.
fn attribute_length(tokens: &[Token]) -> usize {
    let bang = usize::from(tokens.get(1).is_some_and(|token| token.is('!')));
    1 + bang + group_length(&tokens[1 + bang..])
}

/// How many tokens a group in brackets has, these included.
fn group_length(tokens: &[Token]) -> usize {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Sign('(' | '[' | '{') => depth += 1,
            Token::Sign(')' | ']' | '}') => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    tokens.len()
}

/// How many tokens an item has: up to its `;`, or its `{…}`. A `use` goes on to its `;`.
fn item_length(tokens: &[Token]) -> usize {
    let is_use = tokens[0].is_word("use");
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at] {
            Token::Sign(';') => return at + 1,
            Token::Sign('{') if !is_use => return at + group_length(&tokens[at..]),
            Token::Sign('(' | '[' | '{') => at += group_length(&tokens[at..]),
            _ => at += 1,
        }
    }
    tokens.len()
}

/// The names that the tokens begin with, parted by `::`.
fn path_of(tokens: &[Token]) -> Vec<String> {
    let mut path = vec![tokens[0].word().unwrap_or_default().to_owned()];
    while let Some(Token::Word(word)) = tokens.get(path.len() * 2)
        && tokens[path.len() * 2 - 1] == Token::Path
    {
        path.push(word.clone());
    }
    path
}

/// What a use tree, as in `a::{b, c::d as e, f::*}`, brings in.
fn add_uses(before: &[String], tree: &[Token], is_reexport: bool, uses: &mut Vec<Use>) {
    let mut path = before.to_vec();
    let mut rest = tree;
    loop {
        match rest {
            [Token::Path, after @ ..] => rest = after,
            [Token::Sign('{'), ..] => {
                let inside = &rest[1..group_length(rest) - 1];
                let mut depth = 0;
                let branches = inside.split(|token| {
                    depth += i32::from(token.is('{')) - i32::from(token.is('}'));
                    depth == 0 && token.is(',')
                });
                branches.filter(|branch| !branch.is_empty()).for_each(|branch| {
                    add_uses(&path, branch, is_reexport, uses);
                });
                return;
            }
            [Token::Sign('*'), ..] => {
                uses.push(Use { path, name: String::from("*"), is_reexport });
                return;
            }
            [Token::Word(word), alias, Token::Word(name)] if alias.is_word("as") => {
                path.push(word.clone());
                uses.push(Use { path, name: name.clone(), is_reexport });
                return;
            }
            [Token::Word(word)] => {
                if word != "self" {
                    path.push(word.clone());
                }
                let name = path.last().cloned().unwrap_or_default();
                uses.push(Use { path, name, is_reexport });
                return;
            }
            [Token::Word(word), after @ ..] => {
                path.push(word.clone());
                rest = after;
            }
            _ => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The arrows between files that are given by their names and texts; the first is the root.
    fn arrows(files: &[(&str, &str)]) -> Vec<String> {
        let source = |path: &Path| {
            let name = normal(path).display().to_string();
            files.iter().find(|file| file.0 == name).map_or(String::new(), |file| file.1.to_owned())
        };
        let mut found = Crate::default();
        let root = Path::new(files[0].0);
        found.read_file(&Vec::new(), root, root.parent().unwrap(), &source);
        let graph = found.graph(Path::new(""));
        let arrow = |(from, to): (&String, &String)| format!("{from} > {to}");
        graph.iter().flat_map(|(from, to)| to.iter().map(move |to| arrow((from, to)))).collect()
    }

    #[test]
    fn paths_lead_to_files_however_they_are_written() {
        let files = [
            ("lib.rs", "mod a; pub(crate) mod b; #[path = \"far/away.rs\"] mod c; fn f() {}"),
            ("a.rs", "use crate::{b::{self, Thing as Other}, c}; fn g() { super::f() }"),
            ("b/mod.rs", "mod inner; fn h() { inner::i(); std::mem::take(x) }"),
            ("b/inner.rs", "fn i() { crate::a::g() } // crate::c::x"),
            ("far/away.rs", "struct Away;"),
        ];
        let expected = [
            "a.rs > b/mod.rs",
            "a.rs > far/away.rs",
            "a.rs > lib.rs",
            "b/inner.rs > a.rs",
            "b/mod.rs > b/inner.rs",
        ];
        assert_eq!(arrows(&files), expected);
    }

    #[test]
    fn a_reexported_name_counts_for_the_file_that_has_it() {
        let files = [
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "use crate::b::Thing;"),
            (
                "b/mod.rs",
                "mod thing; pub use thing::Thing; mod used; pub use used::Used; fn f(u: Used) {}",
            ),
            ("b/thing.rs", "struct Thing; use super::Used;"),
            ("b/used.rs", "struct Used;"),
        ];
        let expected = ["a.rs > b/thing.rs", "b/mod.rs > b/used.rs", "b/thing.rs > b/used.rs"];
        assert_eq!(arrows(&files), expected);
    }

    #[test]
    fn tests_are_left_out() {
        let files = [
            ("lib.rs", "mod a; mod b; #[cfg(test)] mod tests;"),
            (
                "a.rs",
                "#[cfg(test)] use crate::b; #[cfg(test)] mod tests { use crate::b::*; } fn f() {}",
            ),
            ("b.rs", "#[test] fn f() { crate::a::f() } fn g() { crate::a::f() }"),
            ("tests.rs", "use crate::a;"),
        ];
        assert_eq!(arrows(&files), ["b.rs > a.rs"]);
    }
}
