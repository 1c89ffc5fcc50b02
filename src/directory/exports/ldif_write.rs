//! Rewrites mS-DS-ConsistencyGuid in an LDIF file and leaves every other byte of it as it is.

use std::collections::HashMap;
use std::io::{self, Read as _};
use std::ops::Range;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::diag::{Diagnostic, Diagnostics};
use crate::directory::ad::entry::{CONSISTENCY_GUID, Entry as _, base_name, is_called, mark_in_place_of, unambiguous_guid};
use crate::directory::text::words;
use crate::model::ObjectGuid;

use super::ldif::{Record, read_records};
use super::problems::Problems;
use super::replace::HeldFile;
use super::{label, open, unreadable, whole};
use crate::directory::encoding::{Encoding, sniff};

/// Lines that are written are folded at this width, as `ldapsearch` does.
const WIDTH: usize = 76;

/// The text of an LDIF file, with its entries by objectGUID.
#[derive(Debug)]
pub struct LdifDocument {
    file: HeldFile,
    encoding: Encoding,
    mark: Vec<u8>,
    text: String,
    entries: HashMap<ObjectGuid, Entry>,
}

/// Where the attribute of an entry stands, or would stand.
#[derive(Debug)]
struct Entry {
    /// Bytes of the text; empty where the attribute would be inserted.
    range: Range<usize>,
    /// Name as the file spells it.
    name: String,
    line_end: &'static str,
    original: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
}

/// Why an LDIF file was not changed.
#[derive(Debug, thiserror::Error)]
pub enum LdifWriteError {
    /// No entry with this objectGUID.
    #[error("the file has no entry with objectGUID {0}")]
    NotFound(ObjectGuid),
    /// The attribute is not as the caller thinks.
    #[error("mS-DS-ConsistencyGuid of {0} has changed since it was read")]
    Changed(ObjectGuid),
    /// The file could not be written; the old one is untouched.
    #[error("the LDIF file could not be saved: {}", words(.0))]
    Save(#[from] io::Error),
}

impl LdifDocument {
    /// Loads an LDIF file to be changed.
    ///
    /// # Errors
    /// Everything that is wrong with the file, with lines.
    pub fn load(path: &Path) -> Result<Self, Diagnostics> {
        let file = label(path);
        let mut opened = open(path)?;
        let wrong = |error: io::Error| unreadable(&error, &file);
        let held = HeldFile::of(path, &opened.metadata().map_err(wrong)?);
        let mut bytes = Vec::new();
        opened.read_to_end(&mut bytes).map_err(wrong)?;
        let (encoding, mark) = sniff(&bytes);
        let (mark, body) = bytes.split_at_checked(mark).unwrap_or((&[], &bytes));
        let damaged = || Diagnostics::from(Diagnostic::error("the text is damaged, it cannot be decoded").at(whole(&file)));
        let text = decode(body, encoding).ok_or_else(damaged)?;
        let mut problems = Problems::new(&file);
        let mut entries = HashMap::new();
        read_records(text.as_bytes(), &mut problems, |record, _| {
            entries.extend(entry_of(record, &text));
        });
        let document = Self { file: held, encoding, mark: mark.to_vec(), text: String::new(), entries };
        problems.into_result(Self { text, ..document })
    }

    /// The bytes that an entry holds now; outer `None` when there is no such entry.
    #[must_use]
    pub fn consistency_guid(&self, guid: &ObjectGuid) -> Option<Option<&[u8]>> {
        self.entries.get(guid).map(|entry| entry.value.as_deref())
    }

    /// Sets or removes the attribute of an entry, provided that it still holds `expected`.
    ///
    /// # Errors
    /// [`LdifWriteError::NotFound`], [`LdifWriteError::Changed`].
    pub fn set(&mut self, guid: &ObjectGuid, expected: Option<&[u8]>, new: Option<&[u8]>) -> Result<(), LdifWriteError> {
        let entry = self.entries.get_mut(guid).ok_or(LdifWriteError::NotFound(*guid))?;
        if entry.value.as_deref() != expected {
            return Err(LdifWriteError::Changed(*guid));
        }
        entry.value = new.map(<[u8]>::to_vec);
        Ok(())
    }

    /// Writes the file: the new content is there whole, or the old one.
    ///
    /// # Errors
    /// [`LdifWriteError::Save`].
    pub fn save(&self) -> Result<(), LdifWriteError> {
        let bytes = self.bytes();
        Ok(self.file.replace(|out| out.write_all(&bytes))?)
    }

    fn bytes(&self) -> Vec<u8> {
        let text = self.changed_text();
        let mut bytes = self.mark.clone();
        match self.encoding {
            Encoding::Utf8 => bytes.extend(text.as_bytes()),
            Encoding::Utf16Le => bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes)),
            Encoding::Utf16Be => bytes.extend(text.encode_utf16().flat_map(u16::to_be_bytes)),
        }
        bytes
    }

    fn changed_text(&self) -> String {
        let mut changed: Vec<&Entry> = self.entries.values().filter(|entry| entry.value != entry.original).collect();
        changed.sort_unstable_by_key(|entry| entry.range.start);
        let mut text = String::with_capacity(self.text.len() + changed.len() * 64);
        let mut done = 0;
        for entry in changed {
            text.push_str(self.text.get(done..entry.range.start).unwrap_or_default());
            if let Some(value) = &entry.value {
                push_line(&mut text, &entry.name, value, entry.line_end);
            }
            done = entry.range.end;
        }
        text.push_str(self.text.get(done..).unwrap_or_default());
        text
    }
}

fn push_line(text: &mut String, name: &str, value: &[u8], line_end: &str) {
    let line = format!("{name}:: {}", STANDARD.encode(value));
    for (index, c) in line.chars().enumerate() {
        if index > 0 && index % WIDTH == 0 {
            text.push_str(line_end);
            text.push(' ');
        }
        text.push(c);
    }
    text.push_str(line_end);
}

fn entry_of(record: &Record<'_>, text: &str) -> Option<(ObjectGuid, Entry)> {
    let find = |name: &str| record.attributes.iter().find(|attribute| is_called(attribute.name, name));
    let guid = find("objectGUID")?;
    let key = ObjectGuid::from_ad_slice(&guid.value).ok();
    let key = key.or_else(|| unambiguous_guid(std::str::from_utf8(&guid.value).ok()?))?;
    let line_end = if text.get(..guid.end).is_some_and(|head| head.ends_with("\r\n")) { "\r\n" } else { "\n" };
    let own = find(CONSISTENCY_GUID);
    let range = own.map_or(guid.end..guid.end, |attribute| attribute.start..attribute.end);
    let name = own.map_or(CONSISTENCY_GUID, |attribute| base_name(attribute.name)).to_owned();
    let is_text = record.may_be_text(CONSISTENCY_GUID);
    let value = own.filter(|own| !(is_text && mark_in_place_of(&own.value).is_some())).map(|attribute| attribute.value.to_vec());
    Some((key, Entry { range, name, line_end, original: value.clone(), value }))
}

fn decode(body: &[u8], encoding: Encoding) -> Option<String> {
    let units = |from: fn([u8; 2]) -> u16| -> Option<String> {
        let pairs = body.chunks(2).map(|pair| pair.try_into().ok().map(from));
        String::from_utf16(&pairs.collect::<Option<Vec<u16>>>()?).ok()
    };
    match encoding {
        Encoding::Utf8 => String::from_utf8(body.to_vec()).ok(),
        Encoding::Utf16Le => units(u16::from_le_bytes),
        Encoding::Utf16Be => units(u16::from_be_bytes),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const TEXT: &str = "# head\nversion: 1\n\ndn: CN=Eve,DC=x\nobjectGUID:: 7n8F9T5MWUSC3SElC3KWAQ==\nMS-DS-consistencyGUID:: G+913VeldU6D\n yDluvnc2ew==\n# note\nmail: e@x\n\ndn: CN=Ann,DC=x\nobjectGUID: ABCDEFGHIJKLMNOP\ncn: Ann\n\n";

    fn load(bytes: &[u8]) -> (tempfile::TempDir, LdifDocument) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("corp.ldif");
        fs::write(&path, bytes).unwrap();
        let document = LdifDocument::load(&path).unwrap();
        (folder, document)
    }

    fn guid(text: &str) -> ObjectGuid {
        text.parse().unwrap()
    }

    fn eve() -> ObjectGuid {
        guid("f5057fee-4c3e-4459-82dd-21250b729601")
    }

    fn ann() -> ObjectGuid {
        guid("44434241-4645-4847-494a-4b4c4d4e4f50")
    }

    #[test]
    fn changes_one_attribute_and_nothing_else() {
        let crlf = TEXT.replace('\n', "\r\n");
        let utf16 = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
        let old = guid("dd75ef1b-a557-4e75-83c8-396ebe77367b");
        let wanted = TEXT
            .replace("G+913VeldU6D\n yDluvnc2ew==", "Z0UjAauJ780BI0VniavN7w==")
            .replace("MNOP\n", "MNOP\nmS-DS-ConsistencyGuid:: AQID\n");
        for (before, after) in [
            (TEXT.as_bytes().to_vec(), wanted.as_bytes().to_vec()),
            (crlf.as_bytes().to_vec(), wanted.replace('\n', "\r\n").into_bytes()),
            (utf16(&format!("\u{feff}{crlf}")), utf16(&format!("\u{feff}{}", wanted.replace('\n', "\r\n")))),
            (utf16(&crlf), utf16(&wanted.replace('\n', "\r\n"))),
            (format!("\u{feff}{TEXT}").into_bytes(), format!("\u{feff}{wanted}").into_bytes()),
        ] {
            let (folder, mut document) = load(&before);
            assert_eq!(document.consistency_guid(&eve()), Some(Some(&old.ad_bytes()[..])));
            document.save().unwrap();
            assert_eq!(fs::read(folder.path().join("corp.ldif")).unwrap(), before);
            let new = guid("01234567-89ab-cdef-0123-456789abcdef");
            document.set(&eve(), Some(old.ad_bytes()), Some(new.ad_bytes())).unwrap();
            document.set(&ann(), None, Some(&[1, 2, 3])).unwrap();
            document.save().unwrap();
            assert_eq!(fs::read(folder.path().join("corp.ldif")).unwrap(), after);
            document.set(&eve(), Some(new.ad_bytes()), Some(old.ad_bytes())).unwrap();
            document.set(&ann(), Some(&[1, 2, 3]), None).unwrap();
            document.save().unwrap();
            assert_eq!(fs::read(folder.path().join("corp.ldif")).unwrap(), before);
        }
    }

    #[test]
    fn refuses_what_has_changed_or_is_not_there() {
        let (_folder, mut document) = load(TEXT.as_bytes());
        assert!(matches!(document.set(&eve(), None, None), Err(LdifWriteError::Changed(_))));
        assert!(matches!(document.set(&eve().byte_swapped(), None, None), Err(LdifWriteError::NotFound(_))));
    }

    #[test]
    fn removes_and_folds() {
        let (_folder, mut document) = load(TEXT.as_bytes());
        let old = guid("dd75ef1b-a557-4e75-83c8-396ebe77367b");
        document.set(&eve(), Some(old.ad_bytes()), None).unwrap();
        assert!(!document.changed_text().to_lowercase().contains("consistency"));
        document.set(&ann(), None, Some(&[7; 90])).unwrap();
        let (_other, again) = load(document.changed_text().as_bytes());
        assert_eq!(again.consistency_guid(&ann()), Some(Some(&[7; 90][..])));
        assert!(document.changed_text().lines().all(|line| line.len() <= WIDTH + 1));
    }

    #[test]
    fn an_entry_without_its_marker_text_counts_as_empty() {
        let (_folder, mut document) = load(TEXT.replace("cn: Ann", "mS-DS-ConsistencyGuid: N/A").as_bytes());
        document.set(&ann(), None, Some(&[1; 16])).unwrap();
        assert!(!document.changed_text().contains("N/A"));
    }
}
