//! Rehearsals by name: what they are told, and what they come to.

use super::transcript::transcript;

/// One test for each scenario, so that a failure has its name.
macro_rules! scenarios {
    ($($name:ident: $($argument:literal),*;)+) => {
        $(
            #[tokio::test]
            async fn $name() {
                insta::assert_snapshot!(stringify!($name), transcript(&[$($argument),*]).await);
            }
        )+
    };
}

scenarios! {
    // The default, and what a gate is for.
    a_good_release: ;
    a_bad_green_is_stopped_before_users: "--fault", "green:errors=20%";
    without_hooks_users_see_it: "--hooks", "none", "--fault", "green:errors=20%";
    green_that_fails_after_a_time_is_taken_back_by_the_alarm: "--fault", "green:errors-after=40s", "--hooks", "none";
    an_alarm_that_was_red_before_takes_nothing_back: "--hooks", "none", "--fault", "green:errors=20%", "--red-alarm", "hello-errors";

    // What can be wrong with green and around it.
    slow_is_not_wrong_unless_a_plan_says_so: "--fault", "green:slow=30ms", "--hooks", "test-traffic";
    a_wrong_version_is_seen_by_a_plan_that_looks: "--fault", "green:version=1.0", "--plan", "tests/rehearsals/version.json", "--hooks", "test-traffic";
    the_right_version_passes_that_plan: "--plan", "tests/rehearsals/version.json", "--hooks", "test-traffic";
    green_is_never_healthy: "--fault", "green:never-healthy";
    green_crashes: "--fault", "green:crash-after=1ms";
    the_test_rule_has_drifted: "--fault", "rules:drifted";
    ecs_may_not_shift: "--fault", "rules:denied";
    a_handshake_hangs_once: "--tls", "--fault", "tls:hang-once", "--speed", "60x", "--hooks", "test-traffic";

    the_built_in_application_is_healthy_wherever_it_is_asked: "--health-check", "/healthz", "--hooks", "health,test-traffic";
    users_who_ask_for_what_is_not_there_say_nothing_of_green: "--path", "/nowhere", "--hooks", "test-traffic";

    // What can be wrong with hooks: AWS's words.
    a_hook_returns_failed_in_aws_words: "--plan", "tests/rehearsals/impossible.json", "--hooks", "test-traffic";
    a_hook_is_killed: "--fault", "hook:killed", "--hooks", "test-traffic";
    a_command_that_is_no_function_is_no_rehearsal: "--function", "greenlight-test-traffic=echo no such module; exit 1", "--hooks", "test-traffic";
    a_hook_may_not_be_called: "--fault", "hook:invoke-denied", "--hooks", "test-traffic";
    a_hooks_role_cannot_be_assumed: "--fault", "hook:role-not-assumable", "--hooks", "test-traffic";
    an_event_is_delivered_twice: "--fault", "hook:twice", "--hooks", "test-traffic";
    a_call_is_throttled_and_tried_again: "--fault", "aws:throttled@ecs:DescribeServiceDeployments@1", "--speed", "60x", "--hooks", "test-traffic";
    calls_are_denied: "--fault", "aws:denied", "--hooks", "test-traffic";
    a_hook_that_waits_keeps_its_state: "tests/rehearsals/waits.json", "--fault", "aws:denied";
    a_hook_that_waits_loses_its_state: "tests/rehearsals/waits.json", "--fault", "aws:denied,hook:state-dropped";
    a_hook_that_waits_has_its_details_replaced: "tests/rehearsals/waits.json", "--fault", "aws:denied", "--assume", "hook-details=replace";
    a_hook_that_waits_too_long_is_ended: "tests/rehearsals/times-out.json", "--fault", "aws:denied", "--speed", "60x";
    a_hook_that_waits_too_long_may_continue: "tests/rehearsals/times-out-and-continues.json", "--fault", "aws:denied", "--speed", "60x";

    a_slow_hook_is_not_ended_by_the_fast_clock: "tests/rehearsals/short-timeout.json", "--fault", "green:errors=20%,green:slow=300ms";

    // Strategies and stages.
    a_canary: "tests/rehearsals/canary.json";
    a_canary_is_stopped_at_its_first_step: "tests/rehearsals/canary.json", "--fault", "green:errors-after=7m", "--speed", "60x";
    a_linear_deployment: "tests/rehearsals/linear.json";
    a_canary_is_judged_by_metrics: "examples/ecs-native/canary.json";
    a_canary_that_shows_errors_is_taken_back: "examples/ecs-native/canary.json", "--hooks", "health,metrics", "--fault", "green:errors=20%";
    a_linear_deployment_is_judged_by_metrics: "tests/rehearsals/linear-judged.json";
    a_linear_deployment_is_taken_back_at_the_first_step_that_shows_errors: "tests/rehearsals/linear-judged.json", "--fault", "green:errors-after=4m,green:errors=50%", "--speed", "60x";
    a_rolling_deployment: "tests/rehearsals/rolling.json", "--hooks", "none";
    a_rolling_deployment_is_stopped_by_its_one_hook: "tests/rehearsals/rolling.json";
    a_network_load_balancer: "tests/rehearsals/network.json", "--speed", "600x";
    a_service_without_a_load_balancer: "tests/rehearsals/headless.json";
    a_reconciliation_comes_first: "--reconcile", "--hooks", "test-traffic";
    a_hook_at_a_wrong_stage: "tests/rehearsals/wrong-stage.json";
    hooks_of_both_shifts_are_called_again_in_a_rollback: "tests/rehearsals/shifts.json";
    hooks_of_a_shift_that_was_not_reached_may_be_left_out: "tests/rehearsals/shifts.json", "--fault", "green:errors=50%", "--assume", "rollback-hooks=reached";

    // The first deployment.
    a_create: "--create";
    a_create_has_nothing_to_go_back_to: "--create", "--fault", "green:errors=50%";

    // PAUSE hooks.
    a_person_lets_it_go_on: "tests/rehearsals/pause.json";
    a_person_takes_it_back: "tests/rehearsals/pause.json", "--pause", "rollback@2m";
    nobody_answers: "tests/rehearsals/pause.json", "--pause", "wait";
    nobody_answers_and_it_continues: "tests/rehearsals/pause-continues.json", "--pause", "wait";
    a_hook_answers_for_the_person: "tests/rehearsals/pause.json", "--pause", "test-traffic";
    a_hook_answers_for_the_person_that_green_is_bad: "tests/rehearsals/pause.json", "--pause", "test-traffic", "--fault", "green:errors=20%";
    a_hook_may_not_answer: "tests/rehearsals/pause.json", "--pause", "test-traffic", "--fault", "hook:report-denied";
    a_hook_that_stops_does_not_wait_for_the_person: "tests/rehearsals/pause-and-hook.json", "--fault", "green:errors=20%", "--pause", "wait";

    // CodeDeploy.
    codedeploy: "--appspec", "examples/codedeploy/appspec.yaml", "--health-check", "/ping";
    codedeploy_stops_a_bad_green_before_users: "--appspec", "examples/codedeploy/appspec.json", "--health-check", "/ping", "--fault", "green:errors=20%";
    codedeploy_shifts_in_steps: "--appspec", "examples/codedeploy/appspec.yaml", "--deployment-config", "CodeDeployDefault.ECSLinear10PercentEvery1Minutes";
    codedeploy_shifts_a_canary_and_goes_back: "--appspec", "examples/codedeploy/appspec.yaml", "--deployment-config", "CodeDeployDefault.ECSCanary10Percent5Minutes", "--fault", "green:errors-after=4m", "--speed", "60x";
    codedeploy_never_hears_of_its_hook: "--appspec", "examples/codedeploy/appspec.yaml", "--fault", "hook:report-denied";
    codedeploy_may_not_call_its_hook: "--appspec", "examples/codedeploy/appspec.yaml", "--fault", "hook:invoke-denied";
    codedeploy_hears_twice: "--appspec", "examples/codedeploy/appspec.yaml", "--fault", "hook:twice";
    codedeploy_tries_a_killed_hook_again: "--appspec", "examples/codedeploy/appspec.yaml", "--fault", "hook:killed";
    codedeploy_waits_an_hour_for_green: "--appspec", "examples/codedeploy/appspec.yaml", "--fault", "green:never-healthy", "--health-check", "/ping";
    codedeploy_without_a_test_listener: "--appspec", "examples/codedeploy/appspec.yaml", "--deployment-group", "tests/rehearsals/no-test-listener.json";
    codedeploy_without_automatic_rollback: "--appspec", "examples/codedeploy/appspec.yaml", "--deployment-group", "tests/rehearsals/no-rollback.json", "--fault", "green:errors=20%";
}
