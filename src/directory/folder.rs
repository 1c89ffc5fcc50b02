//! The folder in which a file is: where others are put beside it.

use std::path::Path;

/// The folder of a file, which is this one where the path names none.
pub(crate) fn of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_name_lies_in_this_folder() {
        for (file, folder) in [("plan.json", "."), ("a/plan.json", "a"), ("/plan.json", "/"), ("../plan.json", "..")] {
            assert_eq!(of(Path::new(file)), Path::new(folder), "{file}");
        }
    }
}
