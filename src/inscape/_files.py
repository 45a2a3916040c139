"""Files and directories that are whole or not there, and can prove that they are unharmed.

| file | what lives there |
|---|---|
| `_whole_files` | files: written whole or not at all, JSON and tensors, checksums, formats |
| `_manifests` | MANIFEST: what a directory has to hold |
| `_directories` | directories: staged, replaced in one step, by one process at a time |
| `_exchange` | two directories that change names in one step |
| `_locks` | one writer at a time |
"""

from inscape._directories import (
    IN_PLACE,
    claim_directory,
    find_again,
    hold_directory,
    leftovers,
    next_free,
    prepare_directory,
    refuse_in_run,
    remove_leftovers,
    staged_directory,
)
from inscape._manifests import (
    MANIFEST,
    Manifest,
    read_manifest,
    unlisted,
    verify_file,
    verify_manifest,
    write_manifest,
)
from inscape._whole_files import (
    check_format,
    damaged,
    read_json,
    read_tensors,
    remove_unfinished,
    sha256,
    storage_errors,
    write_atomic,
    write_json,
    write_tensors,
)

__all__ = [
    "IN_PLACE",
    "MANIFEST",
    "Manifest",
    "check_format",
    "claim_directory",
    "damaged",
    "find_again",
    "hold_directory",
    "leftovers",
    "next_free",
    "prepare_directory",
    "read_json",
    "read_manifest",
    "read_tensors",
    "refuse_in_run",
    "remove_leftovers",
    "remove_unfinished",
    "sha256",
    "staged_directory",
    "storage_errors",
    "unlisted",
    "verify_file",
    "verify_manifest",
    "write_atomic",
    "write_json",
    "write_manifest",
    "write_tensors",
]
