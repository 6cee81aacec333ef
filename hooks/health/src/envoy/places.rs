//! Where the admin interfaces of green's Envoys are, or why nobody is asked.
//!
//! Nothing but the ownership of tasks is needed, so no load balancer is asked for: an address is green's
//! when its task is.

use std::net::SocketAddr;

use greenlight::{
    Outcome, Scope, SkipCause,
    deployment::{Sides, Task, UNTOLD, owned},
    plan::Isolation,
};
use url::Url;

use super::Envoy;

/// One admin interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The task's id, or the URL that the plan names.
    pub(super) name: String,
    /// Its base URL.
    pub(super) url: Url,
}

/// All that are asked.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Places {
    pub(super) all: Vec<Place>,
    /// Whether somebody named the URL: then nothing shows that green answers.
    pub(super) is_named: bool,
    /// Whether nothing but Service Connect's own proxy is known to be there.
    pub(super) only_managed: bool,
    /// The security groups of green's tasks, where they are told.
    pub(super) security_groups: Vec<String>,
}

/// Finds them; the error is the check's outcome.
pub(super) async fn find(settings: &Envoy, scope: &Scope) -> Result<Places, Box<Outcome>> {
    if let Some(url) = &settings.url {
        if scope.isolation() == Isolation::Required {
            return Err(Box::new(
                Outcome::cannot_tell(format!(
                    "`isolation` is `required`, and nothing can prove that the Envoy at {url} is green's"
                ))
                .hint("leave `url` out, or use `\"isolation\": \"auto\"`"),
            ));
        }
        let place = Place { name: url.to_string(), url: url.url().clone() };
        return Ok(Places {
            all: vec![place],
            is_named: true,
            only_managed: false,
            security_groups: Vec::new(),
        });
    }
    let (sides, tasks) = tokio::join!(scope.deployment().sides(), scope.deployment().tasks());
    let (sides, tasks) = (sides?, tasks?);
    let Some(owned) = owned(&*tasks, &sides) else {
        return Err(Box::new(Outcome::inconclusive(UNTOLD)));
    };
    let images = images(&sides, &owned.green);
    if let Some((container, _)) = images.iter().find(|(_, image)| image.contains("aws-appmesh-envoy")) {
        return Err(Box::new(Outcome::skip(
            SkipCause::NotConfigured,
            format!(
                "container `{container}` of green is the Envoy of AWS App Mesh, which ended on 2026-09-30: no control plane configures it any more; move to Service Connect or to an Envoy of your own",
            ),
        )));
    }
    let running: Vec<_> = owned.green.iter().filter(|task| task.is_running()).collect();
    if running.is_empty() {
        return Err(Box::new(Outcome::pending(format!(
            "no task of green revision {} runs yet",
            sides.green.id
        ))));
    }
    let place = |(name, address)| {
        let url = Url::parse(&format!("http://{}", SocketAddr::new(address, settings.port())));
        url.ok().map(|url| Place { name, url })
    };
    let addresses = running.iter().map(|task| Some((task.id().to_owned(), *task.addresses.first()?)));
    let all: Vec<_> = addresses.map(|found| found.and_then(place)).collect();
    let Some(all) = all.into_iter().collect::<Option<Vec<_>>>() else {
        return Err(Box::new(
            Outcome::cannot_tell("tasks of green have no address of their own (bridge or host networking)")
                .hint("use network mode `awsvpc`, or judge Envoy by a container health check on /ready and the check `tasks`"),
        ));
    };
    Ok(Places {
        all,
        is_named: false,
        only_managed: sides.service_connect && only_managed(&images),
        security_groups: sides.security_groups.clone(),
    })
}

/// Containers and images as the revision and its tasks tell them: CodeDeploy's task sets tell none.
fn images<'a>(sides: &'a Sides, green: &[&'a Task]) -> Vec<(&'a str, &'a str)> {
    let of_revision = sides.green.images.iter().map(|image| (image.container.as_str(), image.image.as_str()));
    let containers = green.iter().flat_map(|task| &task.containers);
    let of_tasks = containers.filter_map(|one| Some((one.name.as_str(), one.image.as_deref()?)));
    of_revision.chain(of_tasks).collect()
}

/// Whether no container could be an Envoy of its owner's. Where images are not told, one may be.
fn only_managed(images: &[(&str, &str)]) -> bool {
    const ENVOYS: [&str; 5] = ["envoy", "istio", "proxyv2", "consul", "kuma"];
    let is_envoy = |(container, image): &(&str, &str)| {
        let names = format!("{container} {image}").to_ascii_lowercase();
        // AWS names the containers that it adds by itself so.
        !container.starts_with("ecs-service-connect") && ENVOYS.iter().any(|envoy| names.contains(envoy))
    };
    !images.is_empty() && !images.iter().any(is_envoy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envoy_of_their_own_is_told_by_its_name_or_image() {
        let managed = ("ecs-service-connect-x4Zk", "ecs-service-connect-agent:interface-v1");
        for (images, only) in [
            (vec![("app", "orders:2"), managed], true),
            (vec![("app", "orders:2"), ("ecs-service-connect-x4Zk", "envoy")], true),
            (vec![("app", "orders:2"), ("envoy", "mirror/proxy:1")], false),
            (vec![("app", "orders:2"), ("gateway", "docker.io/envoyproxy/Envoy:v1.40.0")], false),
            (vec![], false),
        ] {
            assert_eq!(only_managed(&images), only, "{images:?}");
        }
    }
}
