//! The AWS calls that hooks make, answered by one endpoint on this machine.
//!
//! [`Aws`] serves what `AWS_ENDPOINT_URL` may point to: the services' wire formats as the Rust SDK,
//! boto3 and the AWS CLI speak them, their validation and their errors. What was asked is kept and
//! can be looked at; what goes wrong is set with [`Aws::fault`]. Signatures must be there and are
//! not verified.
//!
//! ```no_run
//! # async fn example() -> std::io::Result<()> {
//! use greenlight_cli::rehearsal::aws::{Aws, Fault, Times, codedeploy};
//!
//! let aws = Aws::start().await?;
//! aws.fault(&codedeploy::PUT_LIFECYCLE_EVENT_HOOK_EXECUTION_STATUS, Fault::Throttled, Times::Next(2));
//! // … a hook reports to aws.endpoint_url() …
//! aws.until(|world| !world.codedeploy.reports.is_empty()).await;
//! assert_eq!(aws.reports()[0].attempt, 3);
//! # Ok(())
//! # }
//! ```

pub mod acm;
pub mod application_autoscaling;
pub mod cloudwatch;
pub mod codedeploy;
pub mod ec2;
pub mod ecs;
pub mod elb;
pub mod events;
pub mod iam;
pub mod lambda;
pub mod logs;
pub mod secrets_manager;
pub mod ssm;
pub mod sts;
pub mod worlds;

mod base64;
mod dispatch;
mod error;
mod fault;
mod file;
mod garbled;
mod operation;
mod page;
mod protocol;
mod rendering;
mod world;

use std::io;
use std::sync::Arc;

pub use self::error::AwsError;
pub use self::fault::{Fault, Times};
pub use self::garbled::Garbled;
pub use self::operation::Operation;
pub use self::world::{Answer, Call, Identity, World};

pub(super) use self::world::Shared;

use self::dispatch::Dispatch;
use super::server::Server;

/// The endpoint and the world behind it. Dropping it ends the endpoint.
#[derive(Debug)]
pub struct Aws {
    shared: Arc<Shared>,
    server: Server,
}

impl Aws {
    /// Starts the endpoint of an empty world on a free port of 127.0.0.1.
    pub async fn start() -> io::Result<Self> {
        Self::serve(World::default()).await
    }

    /// Starts the endpoint of this world on a free port of 127.0.0.1.
    pub async fn serve(world: World) -> io::Result<Self> {
        let shared = Arc::new(Shared::new(world));
        let serving = shared.clone();
        let server = Server::start(|stopped| protocol::router(Dispatch { shared: serving, stopped })).await?;
        Ok(Self { shared, server })
    }

    /// What `AWS_ENDPOINT_URL` has to say.
    pub fn endpoint_url(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// The world itself, for the parts of the rehearsal that act on it beside the services.
    pub(super) fn shared(&self) -> Arc<Shared> {
        self.shared.clone()
    }

    /// Looks at the world. Calls wait meanwhile.
    pub fn look<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        self.shared.look(look)
    }

    /// Changes the world: what services know, who calls.
    pub fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        self.shared.change(change)
    }

    /// Waits until the world is as wanted; at once if it is already.
    pub async fn until(&self, wanted: impl FnMut(&World) -> bool) {
        self.shared.until(wanted).await;
    }

    /// Makes an operation go wrong, in addition to the faults that it already has.
    pub fn fault(&self, operation: &'static Operation, fault: Fault, times: Times) {
        self.fault_any(vec![operation], fault, times);
    }

    /// The same for several operations, whose calls are counted together.
    pub fn fault_any(&self, operations: Vec<&'static Operation>, fault: Fault, times: Times) {
        self.change(|world| world.faults.plan(operations, fault, times));
    }

    /// Ends all faults.
    pub fn clear_faults(&self) {
        self.change(|world| world.faults.clear());
    }

    /// Sets a parameter of Parameter Store.
    pub fn set_parameter(&self, name: impl Into<String>, parameter: ssm::Parameter) {
        self.change(|world| world.ssm.parameters.insert(name.into(), parameter));
    }

    /// What event buses were told, as `PutEvents` has it, in order.
    pub fn events(&self) -> Vec<serde_json::Value> {
        self.look(|world| world.events.entries.clone())
    }

    /// Sets a secret of Secrets Manager.
    pub fn set_secret(&self, name: impl Into<String>, secret: secrets_manager::Secret) {
        self.change(|world| world.secrets_manager.secrets.insert(name.into(), secret));
    }

    /// The reports that CodeDeploy took, in order.
    pub fn reports(&self) -> Vec<codedeploy::Report> {
        self.look(|world| world.codedeploy.reports.clone())
    }

    /// The answers to PAUSE hooks that ECS took, in order.
    pub fn continues(&self) -> Vec<ecs::Continue> {
        self.look(|world| world.ecs.continues.clone())
    }

    /// The invocations that Lambda took, in order.
    pub fn invokes(&self) -> Vec<lambda::Invoke> {
        self.look(|world| world.lambda.invokes.clone())
    }

    /// Every call, in the order of arrival.
    pub fn calls(&self) -> Vec<Call> {
        self.look(|world| world.calls.clone())
    }
}
