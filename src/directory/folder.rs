//! The folder in which a file is: where others are put beside it.

use std::path::Path;

/// The folder of a file, which is this one where the path names none.
pub(crate) fn of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Whether two paths are one folder, as far as that can be told.
pub(crate) fn is_same(one: &Path, other: &Path) -> bool {
    let real = |folder: &Path| folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    real(one) == real(other)
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

    #[test]
    fn a_folder_is_the_same_by_any_of_its_names() {
        let here = std::env::current_dir().unwrap();
        assert!(is_same(Path::new("."), &here) && is_same(Path::new("./"), Path::new(".")));
        assert!(!is_same(Path::new(".."), &here) && is_same(Path::new("no/such"), Path::new("no/such")));
    }
}
