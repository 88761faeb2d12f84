//! A directed graph, and its circles: Tarjan's strongly connected components of more than one node.

use std::collections::{BTreeMap, BTreeSet};

/// For each node the nodes that it points to.
pub(super) type Graph = BTreeMap<String, BTreeSet<String>>;

/// Each circle as the set of its nodes: from each of them, arrows lead to each other.
pub(super) fn circles(graph: &Graph) -> BTreeSet<BTreeSet<String>> {
    let mut search =
        Search { graph, places: BTreeMap::new(), stack: Vec::new(), found: BTreeSet::new() };
    for node in graph.keys() {
        if !search.places.contains_key(node.as_str()) {
            search.visit(node);
        }
    }
    search.found
}

struct Search<'g> {
    graph: &'g Graph,
    /// When each node was visited; `None` once its component is known.
    places: BTreeMap<&'g str, Option<usize>>,
    stack: Vec<&'g str>,
    found: BTreeSet<BTreeSet<String>>,
}

impl<'g> Search<'g> {
    /// Returns the earliest node on the stack that `node` leads to.
    fn visit(&mut self, node: &'g str) -> usize {
        let place = self.places.len();
        self.places.insert(node, Some(place));
        self.stack.push(node);
        let mut earliest = place;
        for next in self.graph.get(node).into_iter().flatten() {
            earliest = match self.places.get(next.as_str()) {
                Some(None) => earliest,
                Some(Some(place)) => earliest.min(*place),
                None => earliest.min(self.visit(next)),
            };
        }
        if earliest == place {
            let start = self.stack.iter().position(|other| *other == node).unwrap();
            let component: BTreeSet<&str> = self.stack.drain(start..).collect();
            component.iter().for_each(|node| *self.places.get_mut(node).unwrap() = None);
            if component.len() > 1 {
                self.found.insert(component.into_iter().map(str::to_owned).collect());
            }
        }
        earliest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `"a b, b c"`: an arrow from a to b, and one from b to c.
    fn graph(arrows: &str) -> Graph {
        let mut graph = Graph::new();
        for (from, to) in arrows.split(", ").filter_map(|arrow| arrow.split_once(' ')) {
            graph.entry(from.to_owned()).or_default().insert(to.to_owned());
        }
        graph
    }

    fn found(arrows: &str) -> Vec<String> {
        let joined = |circle: BTreeSet<String>| circle.into_iter().collect::<Vec<_>>().join(" ");
        circles(&graph(arrows)).into_iter().map(joined).collect()
    }

    #[test]
    fn a_circle_is_found_however_long_it_is() {
        assert_eq!(found("a b, b a"), ["a b"]);
        assert_eq!(found("a b, b c, c d, d b, d e"), ["b c d"]);
        assert_eq!(found("a b, b a, b c, c d, d c"), ["a b", "c d"]);
        assert_eq!(found("a b, b c, c a, b d, d b"), ["a b c d"]);
    }

    #[test]
    fn a_graph_without_a_way_back_has_no_circle() {
        assert_eq!(found("a b, b c, a c, d c"), [""; 0]);
        assert_eq!(found("a b, a c, b d, c d"), [""; 0]);
    }
}
