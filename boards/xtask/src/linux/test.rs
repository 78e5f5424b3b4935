// SPDX-License-Identifier: BSD-2-Clause
//! The boots of Linux that `test` makes.

use super::exec::{self, Named};
use super::log::Log;
use super::{Guest, clients};
use crate::arch::Arch;
use crate::client::{self, Set};
use crate::image::{self, Image};
use crate::qemu::Machine;
use crate::setup::Tools;
use crate::test::Count;
use crate::tools::target_dir;
use anyhow::Result;
use conformance::proto as conformance;
use std::fs;
use std::time::Duration;

/// Seconds that a boot may take with everything that runs in it.
const LIMIT: Duration = Duration::from_secs(300);

/// What the kernel and its driver find, with several CPUs, and what they may do.
const PROBE: &[(&str, &str)] = &[
    ("the driver finds the TEE", "dmesg | grep 'optee: revision' && dmesg | grep 'optee: initialized driver'"),
    ("shared memory is dynamic", "dmesg | grep 'optee: dynamic shared memory is enabled'"),
    ("the devices are there", "ls -l /dev/tee0 /dev/teepriv0 && [ -c /dev/tee0 ] && [ -c /dev/teepriv0 ]"),
    ("the supplicant runs", "pidof tee-supplicant"),
    ("every CPU is up", "grep -c ^processor /proc/cpuinfo; [ \"$(grep -c ^processor /proc/cpuinfo)\" = 4 ]"),
    (
        "CPUs go and come back",
        "for cpu in 1 2 3; do\n\
           for round in 1 2 3; do\n\
             echo 0 >/sys/devices/system/cpu/cpu$cpu/online || exit 1\n\
             [ \"$(grep -c ^processor /proc/cpuinfo)\" = 3 ] || exit 2\n\
             echo 1 >/sys/devices/system/cpu/cpu$cpu/online || exit 3\n\
             taskset $((1 << cpu)) true || exit 4\n\
           done\n\
         done",
    ),
    (
        "the system sleeps and wakes up",
        "echo +2 >/sys/class/rtc/rtc0/wakealarm && echo mem >/sys/power/state || exit 1\n\
         dmesg | grep 'PM: suspend exit' && [ \"$(nproc)\" = 4 ]",
    ),
    (
        "random numbers come from the TEE",
        "[ \"$(cat /sys/class/misc/hw_random/rng_current)\" = optee-rng ] || exit 1\n\
         for name in a b; do dd if=/dev/hwrng of=/tmp/$name bs=64 count=1 2>/dev/null || exit 2; done\n\
         [ \"$(wc -c </tmp/a)\" = 64 ] && ! cmp -s /tmp/a /tmp/b",
    ),
    ("root cannot read secure memory", SECURE),
];

/// What the kernel has to be built for, which Debian's for arm64 is not (CONFIG_RTC_DRV_OPTEE).
const CLOCK: &[(&str, &str)] = &[(
    "the clock comes from the TEE, too",
    "grep optee /sys/class/rtc/*/name || exit 1\n\
     ours=$(dirname $(grep -l optee /sys/class/rtc/*/name)); [ \"$(cat $ours/since_epoch)\" -gt 1700000000 ]",
)];

/// The normal world's flash can be read as it lies there, and nothing of the secure world's: that is a bus error, of which AArch64's
/// kernel speaks when it is asked to. (Debian's lets nobody at RAM this way.)
const SECURE: &str = concat!(
    "[ -e /proc/sys/debug/exception-trace ] && echo 1 >/proc/sys/debug/exception-trace\n",
    "devmem 0x04000000 || exit 1\n",
    "for address in 0x0e000000 0x0effff00 0x09040000 0x090b0000 0x00000000; do\n",
    "    devmem $address; [ $? = 135 ] || exit 2\n",
    "done\n",
    "dmesg | grep 'external abort'"
);

/// [`PROBE`] and what else the kernel of an architecture can.
fn probe(arch: Arch) -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    PROBE.iter().chain(if arch == Arch::Armv7a { CLOCK } else { &[] })
}

/// Clients and supplicants that die or do wrong; see `tee-test-life`.
const LIFE: &[(&str, &str)] = &[
    ("identities", "tee-test-life identity"),
    ("clients that die", "tee-test-life clients"),
    ("more calls than threads", "tee-test-life crowd"),
    ("supplicants that do wrong or die", "tee-test-life supplicants"),
    ("a supplicant that is restarted under load", "tee-test-life restart"),
    ("the supplicant is back", "pidof tee-supplicant && tee-call 8aaaf200-2450-11e4-abe2-0002a5d5c51b 0"),
    ("the kernel has nothing to complain of", "! dmesg | grep -E 'Oops|BUG|WARNING|Call trace|blocked for more than|Unable to handle'"),
];

/// Of the clients' tests ([`clients`]) what every run of all tests makes on AArch64.
const SHORT: &[(&str, &str)] = &[
    ("the architecture", "[ \"$(uname -m)\" = aarch64 ]"),
    ("Debian's libteec", "tee-test-c"),
    ("our libteec", "LD_LIBRARY_PATH=/usr/local/lib tee-test-c"),
    ("hello-world", "hello-world | grep 'greet: hello from the secure world'"),
    ("tee-call", "tee-call 8aaaf200-2450-11e4-abe2-0002a5d5c51b 1 --value 40,2 | grep 'p0: 0x2a'"),
];

/// Boots Debian's kernel on AArch64 once, for what takes little time of all that [`run`] and [`clients::run`] do there.
///
/// # Errors
/// As [`run`].
pub(crate) fn run_short(tools: &Tools, count: &mut Count) -> Result<()> {
    let image = image::build(Arch::Aarch64, &[], &[])?;
    let list = probe(image.arch).chain(SHORT).chain(clients::NARROW);
    let commands: Vec<Named> = list.map(|(name, command)| Named::new(name, command)).collect();
    let mut guest = Guest::new(&image, Machine::of(&image));
    guest.added = clients::programs(&image, tools, Set::Short)?;
    let title = format!("Linux, {}", guest.machine.title());
    exec::tests(&title, &guest, &commands, LIMIT, Log::keeping(&image)?, count)
}

/// Boots Linux and looks at what it finds, then boots it again for clients and supplicants that die.
///
/// # Errors
/// When the kernel or its file system is not to be had.
pub(crate) fn run(image: &Image, tools: &Tools, count: &mut Count) -> Result<()> {
    let named = |(name, command): &(&str, &str)| Named::new(name, command);
    let mut guest = Guest::new(image, Machine::of(image));
    guest.added = client::added(&client::build(tools, image.arch, Set::Tests)?);
    // The files of the TEE lie in a folder of the host, so that they outlive a Linux. Objects come first: Linux' 9p does not survive that
    // the system sleeps, whoever reads from it.
    let share = target_dir().join("run").join(format!("linux-files-{}", std::process::id()));
    fs::create_dir_all(share.join("tee"))?;
    guest.share = Some(share.clone());
    let mut probing = vec![Named::new("persistent objects", &objects()), Named::new("an object is made", &counted(1))];
    probing.extend(probe(image.arch).map(named));
    let mut living = vec![Named::new("the object is there after a restart, and time has gone on", &counted(2))];
    living.extend(LIFE.iter().map(named));
    let title = |what: &str| format!("{what}, {}", guest.machine.title());
    let (first, second) = (title("Linux"), title("Linux, clients and supplicants that die"));
    let done = exec::tests(&first, &guest, &probing, LIMIT, Log::keeping(image)?, count)
        .and_then(|()| exec::tests(&second, &guest, &living, LIMIT, Log::keeping(image)?, count));
    let _ = fs::remove_dir_all(&share);
    done
}

/// The checks of `conformance` of persistent objects, with files of Debian's supplicant.
fn objects() -> String {
    let group = conformance::GROUPS.iter().position(|group| *group == "storage").unwrap_or_default();
    format!("tee-call {} {} --value-in {group},0 --value-out | grep 'p1: .* 0x0 '", conformance::UUID, conformance::RUN_GROUP)
}

/// Has `conformance` count in a persistent object, up to this; its persistent time has to go on.
fn counted(count: u32) -> String {
    format!("tee-call {} {} --value-out | grep 'p0: {count:#x} 0x0 '", conformance::UUID, conformance::COUNT_FOR_EVER)
}
