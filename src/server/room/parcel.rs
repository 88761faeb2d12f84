//! A batch as it goes over the wire: encoded once, shared by everyone who receives it.
//!
//! Room: items in, frames out.

use std::borrow::Cow;
use std::sync::Arc;

use crate::chat::{BatchItem, ClientId};
use crate::ws;

/// The frames of one batch.
#[derive(Debug)]
pub(crate) struct EncodedBatch<'i> {
    items: &'i [BatchItem],
    everyone: Arc<[u8]>,
    /// What those receive instead who caused an aside.
    others: Vec<(ClientId, Arc<[u8]>)>,
    /// The number of the first aside.
    aside: Option<u64>,
}

impl EncodedBatch<'_> {
    pub(crate) fn encode(items: &[BatchItem]) -> EncodedBatch<'_> {
        let mut causes: Vec<ClientId> = items.iter().filter_map(cause).collect();
        causes.sort_unstable();
        causes.dedup();
        let frames_for = |client| frames(items, client, 0);
        EncodedBatch {
            items,
            everyone: frames_for(None),
            others: causes.into_iter().map(|id| (id, frames_for(Some(id)))).collect(),
            aside: items.iter().find_map(index),
        }
    }

    /// The bytes that `client` receives, whom asides concern from the number `aside` on. For one who
    /// has just come they are made anew, if there are others.
    pub(crate) fn for_client(&self, client: ClientId, aside: u64) -> Cow<'_, Arc<[u8]>> {
        if self.aside.is_some_and(|first| first < aside) {
            return Cow::Owned(frames(self.items, Some(client), aside));
        }
        let own = self.others.iter().find(|(id, _)| *id == client);
        Cow::Borrowed(own.map_or(&self.everyone, |(_, frames)| frames))
    }
}

/// What `client` receives, whom asides concern from the number `aside` on.
fn frames(items: &[BatchItem], client: Option<ClientId>, aside: u64) -> Arc<[u8]> {
    let mut frames = Vec::new();
    for item in items {
        let is_its_own = client.is_some() && cause(item) == client;
        let is_old = index(item).is_some_and(|index| index < aside);
        if !is_its_own && !is_old {
            ws::push_text_frame(&mut frames, json(item).as_bytes());
        }
    }
    frames.into()
}

fn cause(item: &BatchItem) -> Option<ClientId> {
    match item {
        BatchItem::Record(_) => None,
        BatchItem::Ephemeral { except, .. } => *except,
    }
}

fn index(item: &BatchItem) -> Option<u64> {
    match item {
        BatchItem::Record(_) => None,
        BatchItem::Ephemeral { index, .. } => Some(*index),
    }
}

fn json(item: &BatchItem) -> &str {
    match item {
        BatchItem::Record(offered) => &offered.entry.json,
        BatchItem::Ephemeral { json, .. } => json,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyone_gets_the_same_bytes_but_for_the_cause_of_an_aside() {
        let aside =
            |json: &str, except, index| BatchItem::Ephemeral { json: json.into(), except, index };
        let items = [aside("{}", None, 4), aside("[1]", Some(ClientId(7)), 5)];
        let parcel = EncodedBatch::encode(&items);
        assert_eq!(&**parcel.for_client(ClientId(1), 4), b"\x81\x02{}\x81\x03[1]");
        assert_eq!(&**parcel.for_client(ClientId(7), 4), b"\x81\x02{}");
        let (one, other) = (parcel.for_client(ClientId(1), 0), parcel.for_client(ClientId(2), 4));
        assert!(Arc::ptr_eq(&one, &other), "encoded once");
        assert_eq!(&**parcel.for_client(ClientId(1), 5), b"\x81\x03[1]", "it came after the first");
        assert_eq!(&**parcel.for_client(ClientId(7), 5), b"");
        assert_eq!(&**parcel.for_client(ClientId(1), 6), b"");
    }
}
