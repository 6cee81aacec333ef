//! Actions of rules and listeners as the API shapes them: in answers, and in a world's file.

use serde::{Deserialize, Serialize};

use super::Action;

/// Everything that any action may have; which of it, its type says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all(serialize = "PascalCase", deserialize = "camelCase"))]
pub(super) struct Shape {
    r#type: String,
    /// Of an action that forwards to one target group.
    target_group_arn: Option<String>,
    order: Option<usize>,
    forward_config: Option<Forward>,
    fixed_response_config: Option<FixedResponse>,
    redirect_config: Option<Redirect>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all(serialize = "PascalCase", deserialize = "camelCase"))]
struct Forward {
    target_groups: Vec<TargetGroup>,
    target_group_stickiness_config: Option<Stickiness>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all(serialize = "PascalCase", deserialize = "camelCase"))]
struct TargetGroup {
    target_group_arn: String,
    weight: Option<u32>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all(serialize = "PascalCase", deserialize = "camelCase"))]
struct Stickiness {
    enabled: bool,
    duration_seconds: Option<u32>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all(serialize = "PascalCase", deserialize = "camelCase"))]
struct FixedResponse {
    message_body: Option<String>,
    status_code: String,
    content_type: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all(serialize = "PascalCase", deserialize = "camelCase"))]
struct Redirect {
    protocol: String,
    port: String,
    host: String,
    path: String,
    query: String,
    status_code: String,
}

/// What is not said stays as it was asked for.
impl Default for Redirect {
    fn default() -> Self {
        Self {
            protocol: "#{protocol}".to_owned(),
            port: "#{port}".to_owned(),
            host: "#{host}".to_owned(),
            path: "/#{path}".to_owned(),
            query: "#{query}".to_owned(),
            status_code: "HTTP_302".to_owned(),
        }
    }
}

impl Shape {
    /// The actions of a rule or listener; one of several says its place.
    pub(super) fn all(actions: &[Action]) -> Vec<Self> {
        let place = |index: usize| (actions.len() > 1).then_some(index + 1);
        actions.iter().enumerate().map(|(index, action)| Self::of(action, place(index))).collect()
    }

    fn of(action: &Action, order: Option<usize>) -> Self {
        let shape = |r#type: &str| Self { r#type: r#type.to_owned(), order, ..Self::default() };
        match action {
            Action::Forward(groups) => {
                let group = |(arn, weight): &(String, u32)| TargetGroup {
                    target_group_arn: arn.clone(),
                    weight: Some(*weight),
                };
                let only = match groups.as_slice() {
                    [(arn, _)] => Some(arn.clone()),
                    _ => None,
                };
                let forward = Forward {
                    target_groups: groups.iter().map(group).collect(),
                    target_group_stickiness_config: Some(Stickiness::default()),
                };
                Self { target_group_arn: only, forward_config: Some(forward), ..shape("forward") }
            }
            Action::FixedResponse { status, body } => {
                let response = FixedResponse {
                    message_body: Some(body.clone()),
                    status_code: status.to_string(),
                    content_type: Some("text/plain".to_owned()),
                };
                Self { fixed_response_config: Some(response), ..shape("fixed-response") }
            }
            Action::Redirect { status, location } => {
                Self { redirect_config: Some(Redirect::of(*status, location)), ..shape("redirect") }
            }
            Action::Authenticate(kind) => shape(kind),
        }
    }
}

impl Redirect {
    /// The parts of a location such as `https://#{host}:443/#{path}?#{query}`.
    fn of(status: u16, location: &str) -> Self {
        let mut redirect = Self { status_code: format!("HTTP_{status}"), ..Self::default() };
        let rest = match location.split_once("://") {
            Some((protocol, rest)) => {
                redirect.protocol =
                    if protocol.starts_with('#') { protocol.to_owned() } else { protocol.to_uppercase() };
                let (authority, rest) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
                let (host, port) = match authority.rsplit_once(':') {
                    Some((host, port)) => (host, port),
                    None if redirect.protocol == "HTTPS" => (authority, "443"),
                    None if redirect.protocol == "HTTP" => (authority, "80"),
                    None => (authority, "#{port}"),
                };
                (redirect.host, redirect.port) = (host.to_owned(), port.to_owned());
                rest
            }
            None => location,
        };
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        redirect.path = if path.is_empty() { "/".to_owned() } else { path.to_owned() };
        query.clone_into(&mut redirect.query);
        redirect
    }

    fn location(&self) -> String {
        let Self { protocol, port, host, path, query, .. } = self;
        let protocol = if protocol.starts_with('#') { protocol.clone() } else { protocol.to_lowercase() };
        let query = if query.is_empty() { String::new() } else { format!("?{query}") };
        format!("{protocol}://{host}:{port}{path}{query}")
    }
}

impl TryFrom<Shape> for Action {
    type Error = String;

    fn try_from(shape: Shape) -> Result<Self, String> {
        let lacks = |what: &str| format!("an action of the type `{}` lacks its `{what}`", shape.r#type);
        let status = |status: &str| {
            status.trim_start_matches("HTTP_").parse().map_err(|_| {
                format!(
                    "an action of the type `{}` has the status `{status}`, expected e.g. 503 or HTTP_301",
                    shape.r#type
                )
            })
        };
        match &*shape.r#type {
            "forward" => match (&shape.forward_config, &shape.target_group_arn) {
                (Some(forward), _) => {
                    let group =
                        |group: &TargetGroup| (group.target_group_arn.clone(), group.weight.unwrap_or(1));
                    Ok(Self::Forward(forward.target_groups.iter().map(group).collect()))
                }
                (None, Some(arn)) => Ok(Self::Forward(vec![(arn.clone(), 1)])),
                (None, None) => Err(lacks("targetGroupArn, or forwardConfig")),
            },
            "fixed-response" => {
                let response =
                    shape.fixed_response_config.as_ref().ok_or_else(|| lacks("fixedResponseConfig"))?;
                let body = response.message_body.clone().unwrap_or_default();
                Ok(Self::FixedResponse { status: status(&response.status_code)?, body })
            }
            "redirect" => {
                let redirect = shape.redirect_config.as_ref().ok_or_else(|| lacks("redirectConfig"))?;
                Ok(Self::Redirect { status: status(&redirect.status_code)?, location: redirect.location() })
            }
            "authenticate-oidc" | "authenticate-cognito" | "jwt-validation" => {
                Ok(Self::Authenticate(shape.r#type))
            }
            other => Err(format!(
                "an action has the type `{other}`, expected one of forward, fixed-response, redirect, \
                 authenticate-oidc, authenticate-cognito, jwt-validation"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn every_action_survives_its_shape() {
        for action in [
            Action::Forward(vec![("arn:a".into(), 1)]),
            Action::Forward(vec![("arn:a".into(), 95), ("arn:b".into(), 5)]),
            Action::FixedResponse { status: 503, body: "closed".into() },
            Action::Redirect { status: 301, location: "https://#{host}:443/#{path}?#{query}".into() },
            Action::Redirect { status: 302, location: "#{protocol}://example.com:8443/login".into() },
            Action::Authenticate("authenticate-oidc".into()),
        ] {
            assert_eq!(Action::try_from(Shape::of(&action, None)), Ok(action));
        }
    }

    #[test]
    fn answers_name_a_single_target_group_twice_and_order_several_actions() {
        let render = crate::rehearsal::aws::rendering::render;
        let forward = |groups: &[(&str, u32)]| {
            Action::Forward(groups.iter().map(|(arn, weight)| ((*arn).to_owned(), *weight)).collect())
        };
        let single = render(&Shape::all(&[forward(&[("arn:a", 1)])]));
        assert_eq!((&single[0]["TargetGroupArn"], &single[0]["Order"]), (&json!("arn:a"), &Value::Null));
        assert_eq!(single[0]["ForwardConfig"]["TargetGroupStickinessConfig"], json!({"Enabled": false}));
        let two = render(&Shape::all(&[
            Action::Authenticate("authenticate-oidc".into()),
            forward(&[("arn:a", 0), ("arn:b", 100)]),
        ]));
        assert_eq!(
            (&two[0]["Type"], &two[0]["Order"], &two[1]["Order"]),
            (&json!("authenticate-oidc"), &json!(1), &json!(2))
        );
        assert_eq!(two[1]["TargetGroupArn"], Value::Null);
        assert_eq!(
            two[1]["ForwardConfig"]["TargetGroups"][1],
            json!({"TargetGroupArn": "arn:b", "Weight": 100})
        );
    }

    #[test]
    fn locations_are_taken_apart() {
        let redirect = Redirect::of(301, "https://example.com/login?from=#{path}");
        let expected = Redirect {
            protocol: "HTTPS".into(),
            port: "443".into(),
            host: "example.com".into(),
            path: "/login".into(),
            query: "from=#{path}".into(),
            status_code: "HTTP_301".into(),
        };
        assert_eq!(redirect, expected);
        assert_eq!(Redirect::of(302, "/maintenance").path, "/maintenance");
        assert_eq!(Redirect::of(302, "/maintenance").host, "#{host}");
    }

    #[test]
    fn files_are_told_what_is_wrong() {
        let read = |json: Value| serde_json::from_value::<Action>(json).map_err(|error| error.to_string());
        assert_eq!(
            read(json!({"type": "forward", "targetGroupArn": "arn:a"})),
            Ok(Action::Forward(vec![("arn:a".into(), 1)]))
        );
        for (json, expected) in [
            (json!({"type": "forward"}), "lacks its `targetGroupArn, or forwardConfig`"),
            (
                json!({"type": "fixed-response", "fixedResponseConfig": {"statusCode": "x"}}),
                "has the status `x`",
            ),
            (json!({"type": "drop"}), "has the type `drop`, expected one of forward"),
        ] {
            let error = read(json).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
