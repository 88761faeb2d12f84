//! The poll registry: everybody who is connected.
//!
//! Room: one lock around one list. Nothing slow happens under it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::client::Client;
use crate::chat::ClientId;
use crate::failpoint;

/// All clients, from hello until their session ends.
#[derive(Debug, Default)]
pub(crate) struct Poll {
    clients: Mutex<Vec<Arc<Client>>>,
}

impl Poll {
    /// The one place the lock is taken. A poisoned list is still a list: no invariant spans owners
    /// calls.
    fn clients(&self) -> MutexGuard<'_, Vec<Arc<Client>>> {
        failpoint::check(self.clients.lock().unwrap_or_else(PoisonError::into_inner), "clients")
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

    /// Everybody, as of now.
    pub(crate) fn all(&self) -> Vec<Arc<Client>> {
        self.clients().clone()
    }
}
