//! How hooks are asked: functions called, events of PAUSE hooks emitted, reports awaited.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::entry::{Around, Entry, Invoked, MOST_BYTES, Whose};
use super::settings::Answerer;
use super::{Done, Play};
use crate::rehearsal::aws::codedeploy;
use crate::rehearsal::aws::ecs::Action;
use crate::rehearsal::aws::lambda::Invoke;
use crate::rehearsal::controller::{Answer, Input};
use crate::rehearsal::fault::HookFaultKind;
use crate::rehearsal::lambda::{Invocation, Lambda, Outcome};
use crate::rehearsal::subject::functions::name;

/// How long, in real time, a function that has reported may take until it also returns: what it says of
/// its verdict is worth that much.
const LAST_WORDS: Duration = Duration::from_secs(1);

impl Play {
    /// Calls a function with an event.
    pub(super) fn invoke(&mut self, execution: usize, function: &str, event: &Value, asynchronous: bool) {
        let body = event.to_string();
        if let Some(answer) = self.stage.refused(function) {
            let _ = self.work.tell.send(Done::Told(Input::Answered { execution, answer }));
            return;
        }
        let Some(lambda) = self.stage.functions.lambda(function) else {
            // Whoever prepared the rehearsal has mapped every function.
            let answer = Answer::Errored;
            let _ = self.work.tell.send(Done::Told(Input::Answered { execution, answer }));
            return;
        };
        self.strike(function, &lambda);
        if self.stage.has_fault(function, &HookFaultKind::Twice) {
            self.spawn_invocation(
                execution,
                function,
                &lambda,
                &body,
                Delivery { asynchronous, twice: true },
            );
        }
        self.spawn_invocation(execution, function, &lambda, &body, Delivery { asynchronous, twice: false });
        if asynchronous {
            self.await_report(execution, event);
        }
    }

    /// Runs what functions have invoked themselves with since the last time.
    pub(super) fn follow(&mut self) {
        let followed = self.followed;
        let asked: Vec<_> =
            self.stage.aws.look(|world| world.lambda.invokes.iter().skip(followed).cloned().collect());
        self.followed += asked.len();
        for asked in asked {
            // An event that is not of this deployment is nobody's here.
            let Some((execution, function)) = self.link(&asked) else { continue };
            let Some(lambda) = self.stage.functions.lambda(&function) else { continue };
            let delivery = Delivery { asynchronous: true, twice: false };
            self.spawn_invocation(execution, &function, &lambda, &asked.payload, delivery);
        }
    }

    /// The execution that a function has invoked itself for, and the function.
    fn link(&self, asked: &Invoke) -> Option<(usize, String)> {
        let event: Value = serde_json::from_str(&asked.payload).ok()?;
        let id = event["LifecycleEventHookExecutionId"].as_str().or(event["detail"]["hookId"].as_str())?;
        let execution = self.deployment.executions().iter().position(|execution| execution.id == id)?;
        let function = self.stage.functions.names().find(|function| asked.names(name(function)))?;
        Some((execution, function))
    }

    /// Whether a function is at work, or is about to be because it has invoked itself.
    pub(super) fn goes_on(&self) -> bool {
        let asked = self.stage.aws.look(|world| world.lambda.invokes.len());
        asked > self.followed || self.at_work.is_anybody()
    }

    /// Kills the function in the midst of its first invocation, if that is asked for.
    fn strike(&mut self, function: &str, lambda: &Arc<Lambda>) {
        if lambda.handed_out() > 0 || !self.stage.has_fault(function, &HookFaultKind::Killed) {
            return;
        }
        let lambda = lambda.clone();
        self.work.tasks.spawn(async move {
            lambda.until_handed_out(1).await;
            lambda.kill();
        });
    }

    fn spawn_invocation(
        &mut self,
        execution: usize,
        function: &str,
        lambda: &Arc<Lambda>,
        body: &str,
        delivery: Delivery,
    ) {
        let (lambda, body, function) = (lambda.clone(), body.to_owned(), function.to_owned());
        let (tell, clock) = (self.work.tell.clone(), self.stage.clock.clone());
        self.work.silent.remove(&execution);
        let under_way = self.work.under_way(execution);
        under_way.send_modify(|invocations| *invocations += 1);
        let at_work = self.at_work.clone();
        let shared = self.stage.aws.shared();
        let answers = !delivery.asynchronous;
        let whose = if self.stage.functions.is_real_time(&function) { Whose::Others } else { Whose::Ours };
        at_work.begin(&function, answers);
        self.work.tasks.spawn(async move {
            let made = |invocation: &Invocation| {
                let Delivery { asynchronous, twice } = delivery;
                // Before anybody hears of the end: who reads the log then finds why.
                let group = format!("/aws/lambda/{}", name(&function));
                shared.change(|world| world.logs.write(&group, clock.now(), written(invocation)));
                Box::new(Invoked::new(execution, &function, (asynchronous, twice), whose, invocation))
            };
            if delivery.asynchronous {
                let mut attempts = lambda.attempts(body);
                loop {
                    let attempt = attempts.next().await;
                    let again = attempts.again_after(&attempt);
                    at_work.end(&function, answers);
                    let is_last = again.is_none() && !delivery.twice;
                    let _ = tell.send(Done::Invoked { invoked: made(&attempt), is_last, input: None });
                    let Some(delay) = again else { break };
                    // Between two attempts AWS waits, and nothing is at work.
                    clock.sleep(delay).await;
                    at_work.begin(&function, answers);
                    let _ = tell.send(Done::Pace);
                }
            } else {
                let invocation = lambda.invoke(body).await;
                at_work.end(&function, answers);
                let answered = Input::Answered { execution, answer: answer(&invocation) };
                let input = (!delivery.twice).then_some(answered);
                let _ = tell.send(Done::Invoked { invoked: made(&invocation), is_last: false, input });
            }
            under_way.send_modify(|invocations| *invocations = invocations.saturating_sub(1));
        });
    }

    /// Waits for CodeDeploy to receive the report of an execution.
    fn await_report(&mut self, execution: usize, event: &Value) {
        let text = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
        let (deployment, hook) = (text("DeploymentId"), text("LifecycleEventHookExecutionId"));
        self.stage.aws.change(|world| world.codedeploy.await_report(deployment, hook.clone()));
        let (shared, tell) = (self.stage.aws.shared(), self.work.tell.clone());
        let mut under_way = self.work.under_way(execution).subscribe();
        let waiting = self.work.tasks.spawn(async move {
            shared.until(|world| world.codedeploy.report(&hook).is_some()).await;
            // It may be killed or go on for long: then there are no last words.
            let _ =
                tokio::time::timeout(LAST_WORDS, under_way.wait_for(|invocations| *invocations == 0)).await;
            let status = shared.look(|world| world.codedeploy.report(&hook).map(|report| report.status));
            let proceed = status == Some(codedeploy::Status::Succeeded);
            let _ = tell.send(Done::Told(Input::Reported { execution, proceed, reason: None }));
        });
        self.work.of_executions.entry(execution).or_default().push(waiting);
    }

    /// Emits the event of a PAUSE hook, and waits for its answer.
    pub(super) fn pause(&mut self, execution: usize, event: &Value, tell_entry: &mut impl FnMut(&Entry)) {
        let text = |key: &str| event["detail"][key].as_str().unwrap_or_default().to_owned();
        let (deployment, hook) = (text("serviceDeploymentArn"), text("hookId"));
        self.stage.aws.change(|world| world.ecs.await_action(deployment, hook.clone()));
        let (shared, tell) = (self.stage.aws.shared(), self.work.tell.clone());
        let waits_for = hook.clone();
        let mut under_way = self.work.under_way(execution).subscribe();
        let waiting = self.work.tasks.spawn(async move {
            shared.until(|world| world.ecs.answer(&waits_for).is_some()).await;
            let _ =
                tokio::time::timeout(LAST_WORDS, under_way.wait_for(|invocations| *invocations == 0)).await;
            let action = shared.look(|world| world.ecs.answer(&waits_for).map(|taken| taken.action));
            let proceed = action == Some(Action::Continue);
            let _ = tell.send(Done::Told(Input::Reported { execution, proceed, reason: None }));
        });
        self.work.of_executions.entry(execution).or_default().push(waiting);
        match self.stage.pause.clone() {
            Answerer::Caller { .. } => {
                let text = format!(
                    "answer with: aws ecs continue-service-deployment --region {} --endpoint-url {} --service-deployment-arn {} --hook-id {hook} --action CONTINUE",
                    event["region"].as_str().unwrap_or_default(),
                    self.stage.aws.endpoint_url(),
                    event["detail"]["serviceDeploymentArn"].as_str().unwrap_or_default()
                );
                self.note(Around::Note { text }, tell_entry);
            }
            Answerer::Person { after, proceed } => {
                let (clock, tell) = (self.stage.clock.clone(), self.work.tell.clone());
                let shared = self.stage.aws.shared();
                let person = self.work.tasks.spawn(async move {
                    clock.sleep(after).await;
                    shared.change(|world| world.ecs.complete(hook));
                    let reason = Some("a person, played by the rehearsal".to_owned());
                    let _ = tell.send(Done::Told(Input::Reported { execution, proceed, reason }));
                });
                self.work.of_executions.entry(execution).or_default().push(person);
            }
            Answerer::Function(function) => {
                let Some(lambda) = self.stage.functions.lambda(&function) else { return };
                self.strike(&function, &lambda);
                let delivery = Delivery { asynchronous: true, twice: false };
                let body = event.to_string();
                if self.stage.has_fault(&function, &HookFaultKind::Twice) {
                    self.spawn_invocation(
                        execution,
                        &function,
                        &lambda,
                        &body,
                        Delivery { twice: true, ..delivery },
                    );
                }
                self.spawn_invocation(execution, &function, &lambda, &body, delivery);
            }
        }
    }

    /// Nobody waits for an execution any more: its answer, if it comes, counts for nothing.
    pub(super) fn forget(&mut self, execution: usize) {
        for waiting in self.work.of_executions.remove(&execution).unwrap_or_default() {
            waiting.abort();
        }
        let id = self.deployment.executions().get(execution).map(|execution| execution.id.clone());
        if let Some(id) = id {
            self.stage.aws.change(|world| {
                world.ecs.complete(id.clone());
                world.codedeploy.complete(id);
            });
        }
    }
}

/// How an event is delivered.
#[derive(Clone, Copy, Debug)]
struct Delivery {
    asynchronous: bool,
    twice: bool,
}

/// What CloudWatch Logs has of an invocation: the function's own lines, and Lambda's where it ended the function.
fn written(invocation: &Invocation) -> Vec<String> {
    let mut lines = vec![format!("START RequestId: {} Version: $LATEST", invocation.request_id)];
    lines.extend(invocation.log.iter().cloned());
    let is_lambdas = !matches!(invocation.outcome, Outcome::Answered(_) | Outcome::FunctionError { .. });
    lines.extend(invocation.failure().filter(|_| is_lambdas).map(|failure| failure.message));
    lines.push(format!("END RequestId: {}", invocation.request_id));
    lines
}

/// What ECS can read of an invocation.
fn answer(invocation: &Invocation) -> Answer {
    match &invocation.outcome {
        // Lambda makes an error of it.
        Outcome::Answered(bytes) if bytes.len() > MOST_BYTES => Answer::Errored,
        Outcome::Answered(bytes) => Answer::Returned(serde_json::from_slice(bytes).ok()),
        Outcome::FunctionError { .. }
        | Outcome::TimedOut { .. }
        | Outcome::Exited(_)
        | Outcome::CouldNotStart { .. } => Answer::Errored,
    }
}
