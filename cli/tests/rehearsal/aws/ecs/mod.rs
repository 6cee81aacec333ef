//! The reads of Amazon ECS.

mod lists;
mod pauses;
mod reads;
mod refusals;

use greenlight_cli::rehearsal::aws::worlds::BlueGreen;
use greenlight_cli::rehearsal::aws::{Aws, Operation};
use serde_json::Value;

use super::call;
use crate::http::Response;

const PREFIX: &str = "arn:aws:ecs:us-east-1:123456789012";
const GREEN: &str = "ecs-svc/9313423515462893900";

async fn ask(aws: &Aws, operation: &'static Operation, input: Value) -> Response {
    call(aws, &format!("AmazonEC2ContainerServiceV20141113.{}", operation.name()), &input).await
}

async fn answer(aws: &Aws, operation: &'static Operation, input: Value) -> Value {
    let response = ask(aws, operation, input).await;
    assert_eq!(response.status, 200, "{}: {}", operation.name(), String::from_utf8_lossy(&response.body));
    response.json()
}

async fn standard() -> Aws {
    Aws::serve(BlueGreen::default().world()).await.unwrap()
}
