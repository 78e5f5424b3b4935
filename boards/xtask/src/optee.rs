// SPDX-License-Identifier: BSD-2-Clause
//! The TEE as an image of OP-TEE: files of the names and the format that firmware which carries OP-TEE takes, so that ours takes
//! its place there (OP-TEE ABI, EL3 contract).
//!
//! | file | what |
//! | --- | --- |
//! | `tee-header_v2.bin` | header that names the other two and where they go |
//! | `tee-pager_v2.bin` | the TEE and its boot archive |
//! | `tee-pageable_v2.bin` | empty: nothing is paged |
//! | `tee.bin` | the same in one file, behind a header of version 1 |
//! | `tee-raw.bin` | the same without a header, for firmware that loads it where it is linked and enters it at its first byte |

use anyhow::{Context, Result, ensure};
use qemu_virt::map;
use std::fs;
use std::path::Path;
use utee_abi::boot_image::APPENDED_AT;
use utee_abi::opteed::{IMAGE_PAGER, Image, image_header, image_header_1, image_record};

/// Bytes of a page.
const PAGE: usize = 4096;
/// Folder of the files, beside the boot image.
pub(crate) const FOLDER: &str = "optee";

/// Writes the files for a raw kernel and its archive into a folder below `dir`.
///
/// # Errors
/// When the kernel is not one that takes an archive, when both do not fit, and when a file cannot be written.
pub(crate) fn write(dir: &Path, kernel: &[u8], archive: &[u8]) -> Result<()> {
    let folder = dir.join(FOLDER);
    fs::create_dir_all(&folder)?;
    for (name, bytes) in files(kernel, archive)? {
        fs::write(folder.join(name), bytes).with_context(|| format!("cannot write {name}"))?;
    }
    Ok(())
}

/// The files by name.
fn files(kernel: &[u8], archive: &[u8]) -> Result<[(&'static str, Vec<u8>); 5]> {
    let whole = with_archive(kernel, archive)?;
    let size = u32::try_from(whole.len())?;
    let memory = map::SECURE_RAM + map::SECURE_RAM_SIZE - map::TRUSTED_OS;
    ensure!(u64::from(size) <= memory / 2, "the TEE and its TAs leave no room in {memory:#x} bytes of secure RAM: {size:#x} bytes");
    let pager = Image { address: map::TRUSTED_OS, id: IMAGE_PAGER, size };
    let one_file = [&image_header_1(map::TRUSTED_OS, size, u32::try_from(memory)?)[..], &whole].concat();
    Ok([
        ("tee-header_v2.bin", [&image_header(1)[..], &image_record(&pager)].concat()),
        ("tee-pageable_v2.bin", Vec::new()),
        ("tee.bin", one_file),
        ("tee-raw.bin", whole.clone()),
        ("tee-pager_v2.bin", whole),
    ])
}

/// A raw kernel with an archive behind it, and its word that says so.
fn with_archive(kernel: &[u8], archive: &[u8]) -> Result<Vec<u8>> {
    ensure!(kernel.len().is_multiple_of(PAGE), "the kernel is not whole pages");
    let mut out = kernel.to_vec();
    let word = out.get_mut(APPENDED_AT..APPENDED_AT + 8).context("the kernel is cut short")?;
    ensure!(word.iter().all(|byte| *byte == 0), "the kernel has no room for the length of an archive");
    word.copy_from_slice(&u64::try_from(archive.len().next_multiple_of(PAGE))?.to_le_bytes());
    out.extend(archive);
    out.resize(out.len().next_multiple_of(PAGE), 0);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::{APPENDED_AT, PAGE, files};
    use qemu_virt::map;
    use utee_abi::opteed::{IMAGE_PAGEABLE, IMAGE_PAGER, find_image};

    #[test]
    fn the_files_agree_about_the_image() {
        let mut kernel = vec![0xAA; 2 * PAGE];
        kernel[APPENDED_AT..APPENDED_AT + 8].fill(0);
        let archive = vec![0x55; PAGE + 1];
        let files = files(&kernel, &archive).unwrap();
        let file = |name: &str| &files.iter().find(|(known, _)| *known == name).unwrap().1;
        let pager = file("tee-pager_v2.bin");
        let header = find_image(file("tee-header_v2.bin"), IMAGE_PAGER).unwrap();
        assert_eq!((header.address, header.size as usize), (map::TRUSTED_OS, pager.len()));
        assert_eq!(find_image(file("tee-header_v2.bin"), IMAGE_PAGEABLE), None);
        assert!(file("tee-pageable_v2.bin").is_empty());
        assert_eq!(&file("tee.bin")[28..], &pager[..]);
        assert_eq!(file("tee.bin")[8..12], header.size.to_le_bytes());
        assert_eq!(file("tee-raw.bin"), pager);
        assert_eq!(pager[APPENDED_AT..APPENDED_AT + 8], 0x2000u64.to_le_bytes());
        assert_eq!(pager[kernel.len()..kernel.len() + archive.len()], archive);
        assert_eq!(pager.len(), 4 * PAGE);
    }

    #[test]
    fn what_cannot_be_one_is_refused() {
        assert!(files(&[0xAA; 2 * PAGE], &[]).is_err(), "no word for the archive");
        assert!(files(&[0; 8], &[]).is_err(), "no whole page");
        assert!(files(&[0; PAGE], &vec![0; 16 << 20]).is_err(), "larger than secure RAM");
    }
}
