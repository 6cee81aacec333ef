//! What is wrong with a rehearsal's wiring, looked at by the doctor: the rule whose fault was played, and no other.

use serde_json::Value;

use super::kept::{Rehearsal, ran};

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_roles_are_found_in_the_account_of_the_rehearsal() {
    for (fault, rule) in [
        ("rules:denied", "PERM-ELB-MODIFY"),
        ("hook:role-not-assumable@health", "HOOK-ROLE-TRUST"),
        ("hook:invoke-denied@health", "HOOK-ROLE-INVOKE"),
    ] {
        let rehearsal = Rehearsal::kept(&["--fault", fault]).await;
        let look =
            ["doctor", "--endpoint-url", &rehearsal.endpoint, "--cluster", "demo", "--service", "hello"];
        let (code, text) = ran(&[&look[..], &["--json"]].concat()).await;
        let report: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        let errors: Vec<&Value> =
            report["findings"].as_array().unwrap().iter().filter(|it| it["severity"] == "error").collect();
        assert!(errors.iter().all(|finding| finding["id"] == rule), "{fault}: {errors:#?}");
        assert_eq!((code, errors.is_empty()), (Some(1), false), "{fault}: {text}");
        let blamed = |function: &str| errors.iter().filter(|it| it.to_string().contains(function)).count();
        if rule == "HOOK-ROLE-INVOKE" {
            assert_eq!((errors.len(), blamed("greenlight-health")), (1, 1), "{errors:#?}");
        }
    }
}
