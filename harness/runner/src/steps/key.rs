//! `key: NAME`: presses one key. It is over when its bytes have arrived.

use crate::error::Played;
use crate::session::Session;

pub(super) fn play(session: &mut Session<'_>, bytes: &[u8]) -> Played {
    super::send::deliver(session, bytes)
}
