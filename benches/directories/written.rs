//! The files, written piece by piece: a million people never stand in memory.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use serde_json::Value;

use crate::person::{Fate, Person};
use crate::random::Random;

const DOMAIN: &str = "dn: DC=corp,DC=example,DC=com\nobjectClass: top\nobjectClass: domain\nobjectClass: domainDNS\n\
                      objectGUID:: C9etNvpPgUm82ZQ+lSvTWQ==\nobjectSid: S-1-5-21-1004336348-1177238915-682003330\n\n";

pub(crate) struct Written {
    forest: BufWriter<File>,
    tenant: BufWriter<File>,
    wave: BufWriter<File>,
    yaml: BufWriter<File>,
    deleted: Vec<Value>,
    tail: String,
    accounts: u64,
}

fn head(mappings: &str) -> String {
    format!(
        "version: 1\ntenant:\n  snapshot: tenant.json\nforests:\n  corp:\n    ldif: corp.ldif\n    anchor: objectGuid\n\
         policy:\n  limits: {{ changes: 10000000, percent: 100, purges: 10000000 }}\n{mappings}"
    )
}

impl Written {
    pub(crate) fn begin(folder: &Path, random: &mut Random) -> io::Result<Self> {
        fs::create_dir_all(folder.join("waves"))?;
        let create = |name: &str| File::create(folder.join(name)).map(BufWriter::new);
        let mut this = Self {
            forest: create("corp.ldif")?,
            tenant: create("tenant.json")?,
            wave: create("waves/all.csv")?,
            yaml: create("in-yaml.yaml")?,
            deleted: Vec::new(),
            tail: String::new(),
            accounts: 0,
        };
        fs::write(folder.join("hardmatch.yaml"), head("mappingFiles: [waves/all.csv]\n"))?;
        this.forest.write_all(DOMAIN.as_bytes())?;
        this.wave.write_all(b"onPrem,cloud,holder,resolve,because\n")?;
        this.yaml.write_all(head("mappings:\n").as_bytes())?;
        let tenant = random.guid();
        write!(
            this.tenant,
            "{{\"format\":\"hardmatch/tenant\",\"formatVersion\":\"1.0\",\"takenAt\":\"2026-11-25T08:00:00Z\",\
             \"organization\":{{\"id\":\"{tenant}\",\"onPremisesSyncEnabled\":true}},\"domains\":[\
             {{\"id\":\"contoso.com\",\"isVerified\":true,\"authenticationType\":\"Managed\"}},\
             {{\"id\":\"contoso.onmicrosoft.com\",\"isVerified\":true,\"isInitial\":true,\"authenticationType\":\"Managed\"}}],\n\"users\":["
        )?;
        let admin = random.guid();
        this.tail = format!(
            ",\n\"groups\":[],\"contacts\":[],\"roles\":[{{\"principalId\":\"{admin}\",\"role\":\"Global Administrator\",\
             \"privileged\":true,\"state\":\"assigned\"}}],\"features\":{{}}}}\n"
        );
        Ok(this)
    }

    /// One person, or two who swap.
    pub(crate) fn people(&mut self, fate: Fate, people: &[Person], random: &mut Random) -> io::Result<()> {
        for person in people {
            self.forest.write_all(person.record().as_bytes())?;
        }
        let [first, rest @ ..] = people else { return Ok(()) };
        match (fate, rest) {
            (Fate::Swapped, [second, ..]) => {
                self.account(&first.account(Some(&second.anchor()), false))?;
                self.account(&second.account(Some(&first.anchor()), false))?;
                self.mapping(first, None)?;
                self.mapping(second, None)
            }
            (Fate::HeldByDuplicate, _) => {
                let holder = random.guid();
                self.account(&first.account(None, false))?;
                self.account(&first.duplicate(holder, false))?;
                self.mapping(first, Some((&holder.to_string(), if first.number % 2 == 0 { "purge" } else { "clear" })))
            }
            (Fate::HeldByDeleted, _) => {
                let holder = random.guid();
                self.account(&first.account(None, false))?;
                self.deleted.push(first.duplicate(holder, true));
                self.mapping(first, Some((&holder.to_string(), "purge")))
            }
            (Fate::Odd, _) => {
                let id = if first.number % 2 == 0 { first.anchor_in_text_order() } else { first.guid.to_string() };
                self.account(&first.account(Some(&id), false))?;
                self.mapping(first, None)
            }
            (Fate::WithoutId, _) => {
                self.account(&first.account(None, false))?;
                self.mapping(first, None)
            }
            (Fate::Linked | Fate::Swapped, _) => {
                self.account(&first.account(Some(&first.anchor()), true))?;
                self.mapping(first, None)
            }
        }
    }

    fn account(&mut self, account: &Value) -> io::Result<()> {
        let comma = if self.accounts == 0 { "\n" } else { ",\n" };
        self.accounts += 1;
        self.tenant.write_all(comma.as_bytes())?;
        serde_json::to_writer(&mut self.tenant, account).map_err(io::Error::from)
    }

    fn mapping(&mut self, person: &Person, decision: Option<(&str, &str)>) -> io::Result<()> {
        let (sam, upn) = (person.sam(), person.upn());
        let because = "an empty account of the first sync";
        match decision {
            None => {
                writeln!(self.wave, "{sam},{upn},,,")?;
                writeln!(self.yaml, "  - onPrem: {sam}\n    cloud: {upn}")
            }
            Some((holder, resolve)) => {
                writeln!(self.wave, "{sam},{upn},{holder},{resolve},{because}")?;
                writeln!(
                    self.yaml,
                    "  - onPrem: {sam}\n    cloud: {upn}\n    holders:\n      - account: {holder}\n        resolve: {resolve}\n        because: {because}"
                )
            }
        }
    }

    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.tenant.write_all(b"],\n\"deletedUsers\":")?;
        serde_json::to_writer(&mut self.tenant, &self.deleted)?;
        self.tenant.write_all(self.tail.as_bytes())?;
        for file in [&mut self.tenant, &mut self.forest, &mut self.wave, &mut self.yaml] {
            file.flush()?;
        }
        Ok(())
    }
}
