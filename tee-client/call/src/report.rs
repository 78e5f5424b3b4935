// SPDX-License-Identifier: BSD-2-Clause
//! What is printed.

use crate::Failure;
use crate::parameter::Parameter;
use serde_json::{Value, json};
use tee_client::{Error, TeeError};
use utee_abi::result::SUCCESS;

/// Prints the results and writes the files. After an error too: a short buffer says what it needs. Files are written after
/// success only.
pub(crate) fn outcome(parameters: &[Parameter], result: Result<(), Error>, json: bool) -> Result<(), Failure> {
    if json {
        let params: Vec<Value> = parameters.iter().map(object).collect();
        if result.is_ok() {
            println!("{}", json!({ "code": SUCCESS, "name": "TEE_SUCCESS", "params": params }));
        }
    } else {
        let shown = |(index, parameter)| line(index, parameter, result.is_ok());
        parameters.iter().enumerate().filter_map(shown).for_each(|line| println!("{line}"));
    }
    match result {
        Ok(()) => parameters.iter().try_for_each(Parameter::save),
        Err(Error { code: TeeError::SHORT_BUFFER, .. }) => {
            for (index, parameter) in parameters.iter().enumerate() {
                if let Parameter::Output { bytes, size, .. } | Parameter::Inout { bytes, size, .. } = parameter
                    && *size > bytes.len()
                {
                    eprintln!("tee-call: parameter {index} has {} bytes and needs {size}", bytes.len());
                }
            }
            Ok(())
        }
        Err(_) => Ok(()),
    }
}

/// What is said of a parameter; of a file only when it was `written`.
fn line(index: usize, parameter: &Parameter, written: bool) -> Option<String> {
    match parameter {
        Parameter::ValueInput(..) | Parameter::Input { .. } => None,
        Parameter::ValueOutput(a, b) | Parameter::ValueInout(a, b) => Some(format!("p{index}: {a:#x} {b:#x} ({a} {b})")),
        Parameter::Null(size) => Some(format!("p{index}: null, {size} bytes")),
        Parameter::Output { path: to, size, .. } | Parameter::Inout { to, size, .. } => {
            // What goes to standard output is to be that alone.
            (written && to.as_os_str() != "-").then(|| format!("p{index}: {size} bytes to {}", to.display()))
        }
    }
}

fn object(parameter: &Parameter) -> Value {
    match parameter {
        Parameter::ValueInput(a, b) => json!({ "type": "value-in", "a": a, "b": b }),
        Parameter::ValueOutput(a, b) => json!({ "type": "value-out", "a": a, "b": b }),
        Parameter::ValueInout(a, b) => json!({ "type": "value-inout", "a": a, "b": b }),
        Parameter::Null(size) => json!({ "type": "null", "size": size }),
        Parameter::Input { path, bytes } => json!({ "type": "in", "file": path.display().to_string(), "size": bytes.len() }),
        Parameter::Output { path: file, size, .. } => json!({ "type": "out", "file": file.display().to_string(), "size": size }),
        Parameter::Inout { to: file, size, .. } => json!({ "type": "inout", "file": file.display().to_string(), "size": size }),
    }
}

/// A failure as an object.
pub(crate) fn failure(failure: &Failure) -> Value {
    match failure {
        Failure::Call(error) | Failure::NoLog(error) => json!({
            "code": error.code.raw(),
            "name": error.code.to_string(),
            "origin": error.origin.raw(),
            "error": failure.to_string(),
            "status": failure.status(),
        }),
        _ => json!({ "error": failure.to_string(), "status": failure.status() }),
    }
}

#[cfg(test)]
mod tests {
    use super::{failure, line, object};
    use crate::Failure;
    use crate::parameter::Parameter;
    use tee_client::{Error, TeeError};

    #[test]
    fn results_are_shown_and_inputs_are_not() {
        assert_eq!(line(1, &Parameter::ValueInout(42, 1), false).as_deref(), Some("p1: 0x2a 0x1 (42 1)"));
        assert_eq!(line(0, &Parameter::ValueInput(1, 2), true), None);
        let output = Parameter::output("file".as_ref(), 3);
        assert_eq!((line(2, &output, true).as_deref(), line(2, &output, false)), (Some("p2: 3 bytes to file"), None));
        assert_eq!(object(&Parameter::Null(3))["size"], 3);
    }

    #[test]
    fn failures_have_their_name_and_status() {
        let object = failure(&Failure::Call(Error::comms(TeeError::TARGET_DEAD)));
        assert_eq!((&object["name"], &object["origin"], &object["status"]), (&"TEE_ERROR_TARGET_DEAD".into(), &2.into(), &12.into()));
    }
}
