// SPDX-License-Identifier: BSD-2-Clause
//! `--list`: which TEE this is, and what it offers to the kernel through the device enumeration pseudo-TA.

use crate::Failure;
use serde_json::json;
use tee_client::transport::linux::{Kernel, LinuxContext};
use tee_client::{Direction, Error, Operation, Param, TeeError, Uuid};
use utee_abi::linux::{Capabilities, IMPLEMENTATION_OPTEE};
use utee_abi::pta;
use utee_abi::pta::device::{self, Command};

/// Bytes of a UUID in the list.
const UUID_SIZE: usize = 16;

/// Prints the list.
pub(crate) fn list(context: &LinuxContext, json: bool) -> Result<(), Failure> {
    let kernel = context.transport().kernel();
    let (version, capabilities) = (kernel.version(), kernel.capabilities());
    let implementation = if version.implementation == IMPLEMENTATION_OPTEE { "OP-TEE" } else { "unknown" };
    let names: Vec<&str> = names(capabilities);
    let found = devices(context);
    if json {
        let devices = found.as_ref().map_or_else(|_| Vec::new(), |devices| devices.iter().map(object).collect());
        let error = found.as_ref().err().map(ToString::to_string);
        println!(
            "{}",
            json!({
                "implementation": version.implementation, "implementation_name": implementation,
                "implementation_capabilities": version.implementation_capabilities, "capabilities": names,
                "devices": devices, "error": error,
            })
        );
    } else {
        println!(
            "implementation {} ({implementation}), its capabilities {:#x}",
            version.implementation, version.implementation_capabilities
        );
        println!("capabilities {:#x}: {}", version.capabilities, names.join(", "));
        for device in found.iter().flatten() {
            let note = if device.needs_supplicant { " (needs the supplicant)" } else { "" };
            println!("{} {}{note}", device.uuid, name(device.uuid));
        }
    }
    found.map(drop).map_err(Failure::Call)
}

/// What the TEE offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Device {
    uuid: Uuid,
    needs_supplicant: bool,
}

fn names(capabilities: Capabilities) -> Vec<&'static str> {
    let all = [
        (Capabilities::GLOBAL_PLATFORM, "GlobalPlatform"),
        (Capabilities::PRIVILEGED, "privileged"),
        (Capabilities::REGISTERED_MEMORY, "registered memory"),
        (Capabilities::MEMREF_NULL, "null references"),
    ];
    all.into_iter().filter(|(flag, _)| capabilities.contains(*flag)).map(|(_, name)| name).collect()
}

fn name(uuid: Uuid) -> &'static str {
    pta::ALL.iter().find(|(_, other)| *other == uuid).map_or("", |(name, _)| *name)
}

fn object(device: &Device) -> serde_json::Value {
    json!({ "uuid": device.uuid.to_string(), "name": name(device.uuid), "needs_supplicant": device.needs_supplicant })
}

fn devices(context: &LinuxContext) -> Result<Vec<Device>, Error> {
    let session = context.open_public(device::UUID)?;
    let mut found = Vec::new();
    for (command, needs_supplicant) in [(Command::GetDevices, false), (Command::GetDevicesSupp, true)] {
        let command = u32::from(command);
        let mut question = Operation::one(Param::null(Direction::Output));
        let size = match session.invoke(command, &mut question) {
            Ok(()) => 0,
            Err(Error { code: TeeError::SHORT_BUFFER, .. }) => question.size(0),
            Err(error) => return Err(error),
        };
        if size == 0 {
            continue;
        }
        let mut bytes = vec![0; size];
        let mut operation = Operation::one(Param::output(&mut bytes));
        session.invoke(command, &mut operation)?;
        let size = operation.size(0);
        found.extend(uuids(bytes.get(..size).unwrap_or(&bytes)).map(|uuid| Device { uuid, needs_supplicant }));
    }
    Ok(found)
}

fn uuids(bytes: &[u8]) -> impl Iterator<Item = Uuid> {
    bytes.chunks_exact(UUID_SIZE).filter_map(|octets| octets.try_into().ok().map(Uuid::from_octets))
}

#[cfg(test)]
mod tests {
    use super::{name, names, uuids};
    use utee_abi::linux::Capabilities;
    use utee_abi::pta::{device, rng};

    #[test]
    fn lists_are_octets_and_known_ones_have_names() {
        let bytes = [&rng::UUID.octets()[..], &device::UUID.octets(), &[1, 2, 3]].concat();
        let read: Vec<_> = uuids(&bytes).collect();
        assert_eq!(read, [rng::UUID, device::UUID]);
        assert_eq!((name(rng::UUID), name(utee_abi::uuid::Uuid::NIL)), ("rng", ""));
        assert_eq!(names(Capabilities::from_bits_retain(0xD)), ["GlobalPlatform", "registered memory", "null references"]);
    }
}
