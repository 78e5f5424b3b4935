// SPDX-License-Identifier: BSD-2-Clause
//! The boot of Linux that `test` makes for clients: the same test program with OP-TEE's library and with ours, OP-TEE's
//! supplicant on ours, our programs, TAs that are large or replaced, and many clients at once.

use super::exec::{self, Named};
use super::log::Log;
use super::{Added, Guest, tas};
use crate::arch::Arch;
use crate::client::{self, LIBRARIES, Set};
use crate::image::Image;
use crate::qemu::Machine;
use crate::setup::Tools;
use crate::test::Count;
use anyhow::Result;
use std::time::Duration;
use utee_abi::uuid::Uuid;

/// Seconds that the boot may take.
const LIMIT: Duration = Duration::from_secs(540);

/// The TA that is replaced: hello-world-c, of version 1.
const REPLACED: Uuid = Uuid::new(0x7c0e_2a5b, 0x91d4, 0x4c36, [0xa8, 0xf3, 0x5e, 0x2b, 0x60, 0xd7, 0x19, 0x84]);

/// Commands; `@` stands for an environment in which our library comes first.
const COMMANDS: &[(&str, &str)] = &[
    ("Debian's libteec", "tee-test-c"),
    ("our libteec", "@ tee-test-c"),
    (
        "Debian's supplicant on our libteec",
        "killall tee-supplicant; while pidof tee-supplicant; do usleep 100000; done\n\
         @ tee-supplicant -d || exit 1\n\
         grep -q libteec.so.2 /proc/$(pidof tee-supplicant)/maps && grep -q /usr/local/lib /proc/$(pidof tee-supplicant)/maps || exit 2\n\
         hello-world",
    ),
    ("hello-world", "hello-world | grep 'greet: hello from the secure world'"),
    (
        "tee-call calls and lists",
        "tee-call 8aaaf200-2450-11e4-abe2-0002a5d5c51b 1 --value 40,2 | grep 'p0: 0x2a' || exit 1\n\
         echo -n stressed | tee-call 8aaaf200-2450-11e4-abe2-0002a5d5c51b 5 --inout -:/tmp/reversed || exit 2\n\
         [ \"$(cat /tmp/reversed)\" = desserts ] || exit 3\n\
         tee-call --list | grep 'ab7a617c-b8e7-4d8f-8301-d09b61036b64 rng'",
    ),
    (
        "tee-call says who refused",
        "tee-call deadbeef-1234-4567-89ab-cdef01234567 0; [ $? = 13 ] || exit 1\n\
         tee-call 8aaaf200-2450-11e4-abe2-0002a5d5c51b 4 --out /tmp/short:4; [ $? = 14 ] || exit 2\n\
         tee-call 0f8b1c2e-6d0a-4f0e-9c57-3b1d2a7e4c10 0 --value 60,1000 --cancel-after 300; [ $? = 14 ] || exit 3\n\
         tee-call nonsense 0; [ $? = 2 ] || exit 4\n\
         tee-call --device /dev/null --list; [ $? = 3 ]",
    ),
    (
        "tee-call prints the log",
        "tee-call 8aaaf200-2450-11e4-abe2-0002a5d5c51b 4 --out - && tee-call log | grep 'greeting a client' || exit 1\n\
         tee-call log --from end | grep . && exit 2\n\
         tee-call log --json | grep '\"next\":[1-9]' || exit 3\n\
         timeout 60 sh -c 'tee-call log -f | head -n 1' || exit 4\n\
         timeout -s INT 2 tee-call log -f --from end; [ $? = 130 ] || exit 5\n\
         while sleep 1; do tee-call 8aaaf200-2450-11e4-abe2-0002a5d5c51b 4 --out /dev/null; done &\n\
         timeout 60 sh -c \"tee-call log -f --from end | grep -m 1 'greeting a client'\"; found=$?; kill $!; [ $found = 0 ]",
    ),
    (
        "a TA speaks TCP",
        "ifconfig lo up; nc -l -p 7777 -e cat & sleep 1\n\
         echo -n 'there and back' | tee-call 1a7d9e62-84c5-4b3f-b0e1-6f2c8d5a9374 32 --value-in 7777,0 --in - --out /tmp/came || exit 1\n\
         [ \"$(cat /tmp/came)\" = 'there and back' ] || exit 2\n\
         echo -n nobody | tee-call 1a7d9e62-84c5-4b3f-b0e1-6f2c8d5a9374 32 --value-in 7778,0 --in - --out /tmp/came; [ $? = 14 ]",
    ),
    (
        "a TA speaks UDP",
        "ifconfig lo up; tee-test echo-udp 7779 >ready & until grep -q 7779 ready; do sleep 1; done\n\
         for text in 'a datagram' 'another one'; do\n\
         echo -n \"$text\" | tee-call 1a7d9e62-84c5-4b3f-b0e1-6f2c8d5a9374 32 --value-in 7779,1 --in - --out /tmp/came || exit 1\n\
         [ \"$(cat /tmp/came)\" = \"$text\" ] || exit 2; done; kill $!\n\
         echo -n nobody | tee-call 1a7d9e62-84c5-4b3f-b0e1-6f2c8d5a9374 32 --value-in 7780,1 --in - --out /tmp/came; [ $? = 14 ]",
    ),
    (
        "a TA does not go back to an older version",
        "ta=7c0e2a5b-91d4-4c36-a8f3-5e2b60d71984; file=/lib/optee_armtz/$ta.ta; cp $file old\n\
         tee-call $ta 0 || exit 1\n\
         cp $ta.2 $file; tee-call $ta 0 || exit 2\n\
         cp old $file; tee-call $ta 0 2>refused; [ $? = 13 ] || exit 3\n\
         grep TEE_ERROR_ACCESS_CONFLICT refused || exit 4\n\
         cp $ta.2 $file; tee-call $ta 1 --value 40,2 | grep 'p0: 0x2a'",
    ),
    ("sixteen clients for a minute", "tee-test 60"),
];

/// The same test program with Debian's library for 32 bits, which a 64-bit Linux has beside the other.
const NARROW_DEBIAN: (&str, &str) = ("32-bit programs on Debian's libteec", "/usr/local/bin32/tee-test-c");

/// 32-bit programs in a 64-bit Linux, which hands their calls on in a way of its own.
pub(super) const NARROW: &[(&str, &str)] = &[
    ("32-bit programs on our libteec", "LD_LIBRARY_PATH=/usr/local/lib32 /usr/local/bin32/tee-test-c"),
    ("a 32-bit client", "/usr/local/bin32/hello-world | grep 'greet: hello from the secure world'"),
    ("32-bit programs say who they are", "/usr/local/bin32/tee-test-life identity"),
    ("32-bit tee-call", "/usr/local/bin32/tee-call 8aaaf200-2450-11e4-abe2-0002a5d5c51b 1 --value 40,2 | grep 'p0: 0x2a'"),
];

/// Our programs for this Linux; where it is of 64 bits, those of 32 bits as well.
///
/// # Errors
/// When something cannot be built.
pub(super) fn programs(image: &Image, tools: &Tools, set: Set) -> Result<Vec<Added>> {
    let mut added = client::added(&client::build(tools, image.arch, set)?);
    if image.arch == Arch::Aarch64 {
        added.extend(client::added_narrow(&client::build(tools, Arch::Armv7a, Set::Tests)?));
    }
    Ok(added)
}

/// Boots Linux with our programs and runs them.
///
/// # Errors
/// When something cannot be built, or the kernel or its file system is not to be had.
pub(crate) fn run(image: &Image, tools: &Tools, count: &mut Count) -> Result<()> {
    let ours = format!("LD_LIBRARY_PATH=/{LIBRARIES} ");
    let narrow = [NARROW_DEBIAN].iter().chain(NARROW).filter(|_| image.arch == Arch::Aarch64);
    let list = narrow.chain(COMMANDS);
    let commands: Vec<Named> = list.map(|(name, command)| Named::new(name, &command.replace("@ ", &ours))).collect();
    let mut guest = Guest::new(image, Machine::of(image));
    if image.arch == Arch::Aarch64 {
        // Linux and TAs with pointer authentication and landing pads, which the CPU of the other boots lacks.
        guest.machine.cpu = "max".into();
    }
    guest.added = programs(image, tools, Set::Tests)?;
    guest.added.extend([tas::large(image, tools)?, tas::version(image, REPLACED, 2)?]);
    let title = format!("clients in Linux, {}", guest.machine.title());
    exec::tests(&title, &guest, &commands, LIMIT, Log::keeping(image)?, count)
}
