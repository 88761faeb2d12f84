//! A budget for partial messages: how many bytes of them all clients together may have in memory.

use std::collections::HashMap;
use std::net::{IpAddr, Shutdown, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::failpoint;
use crate::limits;
use crate::server::quotas::{Holding, QuotaExceeded, ShareQuota};

/// The budget.
///
/// The first [`limits::PARTIAL_FREE`] bytes of each connection do not count: a message of usual length
/// is always accepted. Beyond them, a network has a share of the budget; and when the budget is used up,
/// the largest partial message is given up, not the newest. The lock protects the table, for single calls
/// and the shutdown of one socket, which does not block.
#[derive(Debug)]
pub(crate) struct MemoryBudget {
    /// How many bytes may be reserved.
    quota: Arc<ShareQuota>,
    /// The connections that have reserved some, by a number of their own.
    reserved: Mutex<Reserved>,
}

#[derive(Debug, Default)]
struct Reserved {
    /// The number of the newest reservation.
    newest: u64,
    /// The bytes of each, and its socket.
    by_number: HashMap<u64, ReservedBytes>,
}

#[derive(Debug)]
struct ReservedBytes {
    /// Its part of the quota.
    holding: Holding,
    /// How much that is.
    bytes: u64,
    /// Its connection, whose reading ends when its message is given up.
    stream: Arc<TcpStream>,
}

/// One connection's part of the budget. Dropping it returns its bytes.
#[derive(Debug)]
pub(crate) struct Reservation {
    budget: Arc<MemoryBudget>,
    /// The connection.
    stream: Arc<TcpStream>,
    /// The client's address.
    address: IpAddr,
    /// Its number while it has reserved some bytes.
    number: Option<u64>,
}

/// This partial message must be given up: its network has used its share, or it was the largest when all
/// connections together had used the budget.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct OverBudget;

impl MemoryBudget {
    /// A budget of `max` bytes; with `has_shares`, a network gets a part of it only.
    pub(crate) fn new(max: usize, has_shares: bool) -> Arc<MemoryBudget> {
        let max = max as u64;
        let share = if has_shares { max.div_ceil(limits::PARTIAL_SHARES) } else { 0 };
        Arc::new(MemoryBudget { quota: ShareQuota::new(max, share), reserved: Mutex::default() })
    }

    fn reserved(&self) -> MutexGuard<'_, Reserved> {
        failpoint::check(self.reserved.lock().unwrap_or_else(PoisonError::into_inner), "reserved")
    }

    /// How many bytes are reserved now.
    pub(crate) fn bytes(&self) -> u64 {
        self.quota.total()
    }

    /// An empty reservation for the connection `stream` of a client with this address.
    pub(crate) fn reservation(
        self: &Arc<MemoryBudget>,
        stream: &Arc<TcpStream>,
        address: IpAddr,
    ) -> Reservation {
        let (budget, stream) = (Arc::clone(self), Arc::clone(stream));
        Reservation { budget, stream, address, number: None }
    }
}

impl Reservation {
    /// Changes this reservation to a partial message of `bytes`.
    ///
    /// # Errors
    /// When the message must be given up; then nothing is reserved.
    pub(crate) fn resize(&mut self, bytes: usize) -> Result<(), OverBudget> {
        let bytes = bytes.saturating_sub(limits::PARTIAL_FREE) as u64;
        if bytes == 0 && self.number.is_none() {
            return Ok(());
        }
        let budget = Arc::clone(&self.budget);
        let mut reserved = budget.reserved();
        let (number, mut own) = match self.number.take() {
            Some(number) => (number, reserved.by_number.remove(&number).ok_or(OverBudget)?),
            None => {
                let holding = budget.quota.holding(self.address);
                let stream = Arc::clone(&self.stream);
                (reserved.take_number(), ReservedBytes { holding, bytes: 0, stream })
            }
        };
        if bytes == 0 {
            return Ok(());
        }
        while let Err(exceeded) = own.holding.resize(bytes) {
            if exceeded == QuotaExceeded::Share || !reserved.give_up_one_above(bytes) {
                return Err(OverBudget);
            }
        }
        own.bytes = bytes;
        self.number = Some(number);
        reserved.by_number.insert(number, own);
        Ok(())
    }

    /// Whether the message was given up for another connection's.
    ///
    /// # Errors
    /// When it was.
    pub(crate) fn check(&self) -> Result<(), OverBudget> {
        let Some(number) = self.number else { return Ok(()) };
        if self.budget.reserved().by_number.contains_key(&number) {
            Ok(())
        } else {
            Err(OverBudget)
        }
    }
}

impl Reserved {
    fn take_number(&mut self) -> u64 {
        self.newest += 1;
        self.newest
    }

    /// Gives up the largest partial message, if it has more than `bytes`: frees its bytes, and ends the
    /// reading of its connection, whose session then closes it. False if there is none.
    fn give_up_one_above(&mut self, bytes: u64) -> bool {
        let largest = self.by_number.iter().max_by_key(|(_, reserved)| reserved.bytes);
        let Some(number) =
            largest.filter(|(_, large)| large.bytes > bytes).map(|(number, _)| *number)
        else {
            return false;
        };
        if let Some(largest) = self.by_number.remove(&number) {
            largest.stream.shutdown(Shutdown::Read).ok();
        }
        true
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.budget.reserved().by_number.remove(&number);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::net::TcpListener;

    use super::*;

    const FREE: usize = limits::PARTIAL_FREE;

    /// Both ends of a connection.
    fn connection() -> (Arc<TcpStream>, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (Arc::new(listener.accept().unwrap().0), peer)
    }

    fn ip(last: u8) -> IpAddr {
        [192, 0, 2, last].into()
    }

    #[test]
    fn a_short_message_is_free_even_if_the_budget_is_used_up() {
        let (budget, (stream, _peer)) = (MemoryBudget::new(100, false), connection());
        let mut large = budget.reservation(&stream, ip(1));
        assert_eq!(large.resize(FREE + 100), Ok(()));
        assert_eq!(budget.bytes(), 100);
        let mut short = budget.reservation(&stream, ip(2));
        assert_eq!(short.resize(FREE), Ok(()));
        assert_eq!(large.check(), Ok(()));
        drop((large, short));
        assert_eq!(budget.bytes(), 0);
    }

    #[test]
    fn a_network_has_a_share_and_other_networks_have_theirs() {
        let (budget, (stream, _peer)) = (MemoryBudget::new(1_600, true), connection());
        let mut one = budget.reservation(&stream, ip(1));
        let mut two = budget.reservation(&stream, ip(1));
        assert_eq!(one.resize(FREE + 60), Ok(()));
        assert_eq!(two.resize(FREE + 41), Err(OverBudget));
        assert_eq!(two.resize(FREE + 40), Ok(()));
        assert_eq!(budget.reservation(&stream, ip(2)).resize(FREE + 100), Ok(()));
        assert_eq!(one.resize(10), Ok(()), "a finished message gives its bytes back");
        assert_eq!(two.resize(FREE + 100), Ok(()));
    }

    #[test]
    fn a_full_budget_gives_up_the_largest_message_and_not_the_newest() {
        let budget = MemoryBudget::new(100, false);
        let ((large_stream, _large_peer), (stream, _peer)) = (connection(), connection());
        let mut small = budget.reservation(&stream, ip(1));
        let mut large = budget.reservation(&large_stream, ip(2));
        assert_eq!(small.resize(FREE + 30), Ok(()));
        assert_eq!(large.resize(FREE + 70), Ok(()));
        let mut newest = budget.reservation(&stream, ip(3));
        assert_eq!(newest.resize(FREE + 40), Ok(()));
        assert_eq!(large.check(), Err(OverBudget));
        assert_eq!((&*large_stream).read(&mut [0; 8]).unwrap(), 0, "its session wakes up");
        assert_eq!(large.resize(FREE + 71), Err(OverBudget));
        assert_eq!((small.check(), newest.check(), budget.bytes()), (Ok(()), Ok(()), 70));
        assert_eq!(small.resize(FREE + 61), Err(OverBudget), "the one that would be the largest");
    }
}
