//! What is known of a deployment: the plain data that a text and a document are made of.

use jiff::Timestamp;

use super::known::Known;

/// What is known of a deployment.
pub(super) struct Story {
    /// The service deployment's ARN, or CodeDeploy's id.
    pub(super) deployment: String,
    /// `CLUSTER/SERVICE`.
    pub(super) service: Option<String>,
    /// In the words of who deploys.
    pub(super) status: String,
    pub(super) times: Times,
    /// What people should know of the choice of this deployment.
    pub(super) notes: Vec<String>,
    /// Why, in one sentence; none where nobody could tell.
    pub(super) reason: Option<String>,
    /// The same in AWS's words.
    pub(super) said: Option<String>,
    /// The stage that it failed at, or is in.
    pub(super) stage: Option<String>,
    /// The function that decided, by its ARN or its name.
    pub(super) function: Option<String>,
    /// What functions have told of exactly this deployment, the newest first.
    pub(super) evidence: Vec<Evidence>,
    /// How the deciding function ended, by its log of that time.
    pub(super) log: Vec<String>,
    /// Stopped tasks of green; none where they could not be read.
    pub(super) tasks: Option<Vec<Group>>,
    /// Green's target group.
    pub(super) target_group: Option<String>,
    /// Its targets; none where they could not be read.
    pub(super) targets: Option<Vec<Group>>,
    pub(super) events: Vec<Event>,
    /// The rule of the catalogue that AWS's words tell of.
    pub(super) rule: Known,
    pub(super) unread: Vec<Unread>,
    pub(super) links: Vec<Link>,
}

/// When a deployment was.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Times {
    pub(super) began: Option<Timestamp>,
    pub(super) ended: Option<Timestamp>,
}

/// What a hook of greenlight's has told of one invocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Evidence {
    pub(super) at: Timestamp,
    /// The function that wrote it.
    pub(super) function: String,
    pub(super) stage: Option<String>,
    /// `proceed`, `stop` or `wait`.
    pub(super) verdict: String,
    pub(super) reason: String,
    /// The check that decided.
    pub(super) check: Option<String>,
    pub(super) observed: Option<String>,
    pub(super) expected: Option<String>,
    pub(super) hint: Option<String>,
}

/// How many are alike, and what they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) count: usize,
    pub(super) what: String,
}

/// An event of the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) at: Timestamp,
    pub(super) message: String,
    /// The rule of the catalogue that it tells of.
    pub(super) rule: Option<&'static str>,
}

/// What could not be read, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unread {
    pub(super) what: String,
    pub(super) why: String,
}

/// Where to look further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) name: &'static str,
    pub(super) url: String,
}

impl Group {
    /// Counts what is alike; what there is most of comes first.
    pub(super) fn count(all: impl IntoIterator<Item = String>) -> Vec<Self> {
        let mut groups: Vec<Self> = Vec::new();
        for what in all {
            match groups.iter_mut().find(|group| group.what == what) {
                Some(group) => group.count += 1,
                None => groups.push(Self { count: 1, what }),
            }
        }
        groups.sort_by_key(|group| std::cmp::Reverse(group.count));
        groups
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_alike_is_counted() {
        let groups = Group::count(["a", "b", "b"].map(str::to_owned));
        let of = |count, what: &str| Group { count, what: what.to_owned() };
        assert_eq!(groups, [of(2, "b"), of(1, "a")]);
    }
}
