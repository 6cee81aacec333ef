//! Clusters.

use serde::{Deserialize, Serialize};

/// A cluster. How much runs in it is counted when it is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Cluster {
    /// `arn:…:cluster/NAME`.
    pub cluster_arn: String,
    /// Its name.
    pub cluster_name: String,
    /// `ACTIVE`, or on its way there or away.
    pub status: String,
}

impl Default for Cluster {
    fn default() -> Self {
        Self { cluster_arn: String::new(), cluster_name: String::new(), status: "ACTIVE".to_owned() }
    }
}
