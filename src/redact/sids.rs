//! SIDs: what is of one domain stays of one domain, well-known SIDs stay what they are.

use crate::model::Sid;

use super::Redactor;

/// Relative ids below are the same in every domain.
const FIRST_OWN_ID: u32 = 1000;

impl Redactor {
    /// The stand-in of a SID.
    #[must_use]
    pub fn sid(&self, sid: &Sid) -> Sid {
        let authority = u32::try_from(sid.authority()).ok();
        let parts: Option<Vec<u32>> = authority.map(|authority| [&[authority], sid.parts()].concat());
        match parts.as_deref() {
            // Of an Entra object, of a virtual account and the like: an identifier from its second part on.
            None => sid.clone(),
            Some([5, 21, a, b, c]) => self.domain_sid([*a, *b, *c], None).unwrap_or_else(|| sid.clone()),
            Some([5, 21, a, b, c, id]) => self.domain_sid([*a, *b, *c], Some(*id)).unwrap_or_else(|| sid.clone()),
            Some([authority, kind, rest @ ..]) if rest.len() > 1 => {
                let bytes = self.stream("sid", sid.to_string().as_bytes(), rest.len() * 4);
                joined(&[*authority, *kind], &numbers(&bytes)).unwrap_or_else(|| sid.clone())
            }
            Some(_) => sid.clone(),
        }
    }

    fn domain_sid(&self, domain: [u32; 3], id: Option<u32>) -> Option<Sid> {
        let bytes: Vec<u8> = domain.iter().flat_map(|part| part.to_be_bytes()).collect();
        let mut parts = numbers(&self.stream("domain sid", &bytes, 12));
        parts.extend(id.map(|id| self.relative_id(&bytes, id)));
        joined(&[5, 21], &parts)
    }

    /// A permutation, so that no two users of a domain share a stand-in.
    fn relative_id(&self, domain: &[u8], id: u32) -> u32 {
        let mut id = id;
        if id < FIRST_OWN_ID {
            return id;
        }
        loop {
            let (mut left, mut right) = (id >> 16, id & 0xFFFF);
            for round in 0..4 {
                let text: Vec<u8> = domain.iter().copied().chain(right.to_be_bytes()).collect();
                let [high, low, ..] = self.hash("relative id", &text, round);
                (left, right) = (right, left ^ u32::from(u16::from_be_bytes([high, low])));
            }
            id = left << 16 | right;
            if id >= FIRST_OWN_ID {
                return id;
            }
        }
    }
}

fn numbers(bytes: &[u8]) -> Vec<u32> {
    bytes.chunks_exact(4).map(|chunk| chunk.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte))).collect()
}

fn joined(head: &[u32], parts: &[u32]) -> Option<Sid> {
    let parts: Vec<String> = head.iter().chain(parts).map(u32::to_string).collect();
    format!("S-1-{}", parts.join("-")).parse().ok()
}
