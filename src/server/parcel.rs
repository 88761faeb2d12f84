//! A batch as it goes over the wire: encoded once, shared by everyone who receives it.
//!
//! Room: items in, frames out.

use std::sync::Arc;

use crate::chat::{ClientId, Item};
use crate::ws;

/// The frames of one batch.
#[derive(Debug)]
pub(crate) struct Parcel {
    everyone: Arc<[u8]>,
    /// What those receive instead who caused an aside.
    others: Vec<(ClientId, Arc<[u8]>)>,
}

impl Parcel {
    pub(crate) fn pack(items: &[Item]) -> Parcel {
        let mut causes: Vec<ClientId> = items.iter().filter_map(cause).collect();
        causes.sort_unstable();
        causes.dedup();
        let frames_for = |client: Option<ClientId>| {
            items.iter().filter(|item| client.is_none() || cause(item) != client).fold(
                Vec::new(),
                |mut frames, item| {
                    ws::push_text_frame(&mut frames, json(item).as_bytes());
                    frames
                },
            )
        };
        Parcel {
            everyone: frames_for(None).into(),
            others: causes.into_iter().map(|id| (id, frames_for(Some(id)).into())).collect(),
        }
    }

    /// The bytes that `client` receives.
    pub(crate) fn for_client(&self, client: ClientId) -> &Arc<[u8]> {
        self.others
            .iter()
            .find(|(id, _)| *id == client)
            .map_or(&self.everyone, |(_, frames)| frames)
    }
}

fn cause(item: &Item) -> Option<ClientId> {
    match item {
        Item::Record(_) => None,
        Item::Aside { except, .. } => *except,
    }
}

fn json(item: &Item) -> &str {
    match item {
        Item::Record(offered) => &offered.entry.json,
        Item::Aside { json, .. } => json,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyone_gets_the_same_bytes_but_for_the_cause_of_an_aside() {
        let aside = |json: &str, except| Item::Aside { json: json.into(), except };
        let parcel = Parcel::pack(&[aside("{}", None), aside("[1]", Some(ClientId(7)))]);
        assert_eq!(&**parcel.for_client(ClientId(1)), b"\x81\x02{}\x81\x03[1]");
        assert_eq!(&**parcel.for_client(ClientId(7)), b"\x81\x02{}");
        let (one, other) = (parcel.for_client(ClientId(1)), parcel.for_client(ClientId(2)));
        assert!(Arc::ptr_eq(one, other), "encoded once");
    }
}
