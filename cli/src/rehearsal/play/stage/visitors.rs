//! The users of a stage: who they are, when they are let in, and that they finish.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::super::front::Entrance;
use super::super::monitoring::OfUsers;
use super::equipment::is_secure;
use super::not_played::machine;
use super::{NotPlayed, Stage};
use crate::rehearsal::Colour;
use crate::rehearsal::aws::elb::LoadBalancerKind;
use crate::rehearsal::balancer::Entry;
use crate::rehearsal::users::{self, Alarms, Colours, Users};

/// How long users wait for an answer at the least, in real time: no machine is to look like a hung green.
const LEAST_PATIENCE: Duration = Duration::from_millis(1500);

/// Users who are not in yet.
#[derive(Debug)]
pub(super) struct Visitors {
    pub(super) rate: f64,
    pub(super) paths: Vec<http::uri::PathAndQuery>,
    pub(super) alarms: Vec<users::Alarm>,
}

/// Users, where there is a load balancer to come in by.
#[derive(Debug)]
pub(in super::super) struct Traffic(pub(super) Option<Users>);

impl Traffic {
    pub(in super::super) fn windows(&self) -> Option<users::Windows> {
        self.0.as_ref().map(Users::windows)
    }
}

impl Stage {
    /// Lets users in, if they are not in yet.
    pub(in super::super) fn open_to_users(&mut self) -> Result<(), NotPlayed> {
        let Some(Visitors { rate, paths, alarms }) = self.visitors.take() else { return Ok(()) };
        let Some(front) = &self.subject.front else { return Ok(()) };
        let (Some(listener), _) = self.scene.listeners() else { return Ok(()) };
        let Some(address) = self.balancer.address(&listener) else { return Ok(()) };
        let entrance = Entrance::of(&front.production, &self.subject.service, &paths);
        if !entrance.unmet.is_empty() {
            self.remarks.push(format!(
                "the production rule asks for {}, which users here do not send: they see what the load balancer answers others",
                entrance.unmet.join(" and ")
            ));
        }
        let blue: Vec<SocketAddr> = self.blue.iter().flat_map(|blue| blue.addresses().to_vec()).collect();
        let colours = Colours::new(move |entry: &Entry| {
            let target = entry.target.as_ref()?;
            let is_blue =
                blue.iter().any(|task| task.ip().to_string() == target.id && task.port() == target.port);
            Some(if is_blue { Colour::Blue } else { Colour::Green })
        });
        let mut settings = users::Settings::new(
            address,
            entrance.host_header(),
            self.clock.clone(),
            self.balancer.log_reader(&listener),
            colours,
        );
        settings.network = front.kind == LoadBalancerKind::Network;
        settings.paths = entrance.paths;
        settings.rate = rate;
        // A hung green shows within the bake time, however fast it passes.
        settings.patience = self.clock.real(settings.patience).max(LEAST_PATIENCE);
        self.patience = Some(settings.patience);
        if is_secure(&front.production) {
            settings.tls =
                Some(self.trust(&entrance.host).map_err(machine("trust the rehearsal's certificates"))?);
        }
        let users = Users::start(settings);
        // The stage is set once, and so are its users.
        let _ = self.known.set(OfUsers { windows: users.windows(), traces: users.traces() });
        self.alarms = Some(Alarms::start(alarms, users.windows(), self.clock.clone()));
        self.users = Traffic(Some(users));
        Ok(())
    }

    fn trust(&self, host: &str) -> io::Result<(Arc<ClientConfig>, ServerName<'static>)> {
        let file = self.authority.as_ref().map(tempfile::NamedTempFile::path);
        let file = file.ok_or_else(|| io::Error::other("there is no authority"))?;
        let invalid = |error| io::Error::new(io::ErrorKind::InvalidData, error);
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(file).map_err(|error| invalid(error.to_string()))? {
            let certificate = certificate.map_err(|error| invalid(error.to_string()))?;
            roots.add(certificate).map_err(|error| invalid(error.to_string()))?;
        }
        let client = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let name = ServerName::try_from(host.to_owned()).map_err(|error| invalid(error.to_string()))?;
        Ok((Arc::new(client), name))
    }

    /// Lets users finish what is under way, and tells what they saw in all.
    pub(in super::super) async fn close_to_users(&mut self) -> users::Seen {
        match self.users.0.take() {
            Some(users) => users.stop().await,
            None => users::Seen::default(),
        }
    }
}
