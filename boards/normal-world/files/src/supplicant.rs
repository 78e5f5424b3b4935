// SPDX-License-Identifier: BSD-2-Clause
//! The service as the client's transport wants it: shared by every thread that is in a call, one request at a time.

use crate::service::Service;
use alloc::vec::Vec;
use spin::Mutex;
use tee_client::transport::smc::{RpcParam, Supplicant};
use utee_abi::result::TeeError;
use utee_abi::rpc::RpcCommand;
use utee_abi::uuid::Uuid;

/// The supplicant.
pub struct Files {
    service: Mutex<Service>,
}

impl Files {
    /// Serves TAs and files with this.
    pub fn new(service: Service) -> Self {
        Self { service: Mutex::new(service) }
    }

    /// Runs `f` on the service while nobody else uses it.
    pub fn with<T>(&self, f: impl FnOnce(&mut Service) -> T) -> T {
        f(&mut self.service.lock())
    }
}

impl Supplicant for Files {
    fn load_ta(&self, uuid: Uuid) -> Result<Vec<u8>, TeeError> {
        self.service.lock().load_ta(uuid)
    }

    fn ta_size(&self, uuid: Uuid) -> Result<usize, TeeError> {
        self.service.lock().ta_size(uuid)
    }

    fn request(&self, command: RpcCommand, params: &mut [RpcParam<'_>]) -> Result<(), TeeError> {
        match command {
            RpcCommand::Fs => self.service.lock().request(params),
            _ => Err(TeeError::NOT_SUPPORTED),
        }
    }
}
