//! The poll registry: all connected clients.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::client::Client;
use crate::chat::{ClientId, OwnerId};
use crate::failpoint;

/// All clients, from hello until their session ends.
///
/// The lock protects the list only. It is held for a scan or a copy of the list, never over a write.
#[derive(Debug, Default)]
pub(crate) struct Poll {
    /// In no order.
    clients: Mutex<Vec<Arc<Client>>>,
    /// The id that was assigned last.
    last_id: AtomicU64,
}

impl Poll {
    /// A poisoned list is still a list: each change is a single call.
    fn clients(&self) -> MutexGuard<'_, Vec<Arc<Client>>> {
        failpoint::check(self.clients.lock().unwrap_or_else(PoisonError::into_inner), "clients")
    }

    /// An id for a new connection; the first is 1.
    pub(crate) fn next_id(&self) -> ClientId {
        ClientId(self.last_id.fetch_add(1, Ordering::Relaxed) + 1)
    }

    pub(crate) fn add(&self, client: Arc<Client>) {
        self.clients().push(client);
    }

    pub(crate) fn remove(&self, id: ClientId) {
        let mut clients = self.clients();
        if let Some(index) = clients.iter().position(|client| client.id == id) {
            clients.swap_remove(index);
        }
    }

    pub(crate) fn find(&self, id: ClientId) -> Option<Arc<Client>> {
        self.clients().iter().find(|client| client.id == id).cloned()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.clients().is_empty()
    }

    /// All clients at this moment.
    pub(crate) fn all(&self) -> Vec<Arc<Client>> {
        self.clients().clone()
    }

    /// All connections of one owner at this moment.
    pub(crate) fn of_owner(&self, owner: OwnerId) -> Vec<Arc<Client>> {
        let mut all = self.all(); // each client's own lock is taken below, so not under this one
        all.retain(|client| client.identity().owner == owner);
        all
    }
}
