//! A call on its way: the SDK's orchestrator with what a client of the service would give it.
//!
//! Signing, credentials, retries, timeouts and connections are those of every other call; they come from the
//! same configuration.

use aws_config::SdkConfig;
use aws_runtime::{
    auth::{
        SigV4OperationSigningConfig,
        sigv4::{SCHEME_ID, SigV4AuthScheme},
    },
    retries::classifiers::AwsErrorCodeClassifier,
};
use aws_smithy_runtime::client::{
    orchestrator::operation::Operation,
    retries::classifiers::{HttpStatusCodeClassifier, TransientErrorClassifier},
};
use aws_smithy_runtime_api::client::{
    auth::{AuthSchemeOptionResolverParams, static_resolver::StaticAuthSchemeOptionResolver},
    interceptors::SharedInterceptor,
    orchestrator::HttpResponse,
    result::SdkError,
    runtime_components::RuntimeComponentsBuilder,
    runtime_plugin::StaticRuntimePlugin,
};
use aws_smithy_types::{config_bag::Layer, error::ErrorMetadata};
use aws_types::{
    SigningName,
    region::{Region, SigningRegion},
};
use serde_json::Value;

use super::{Api, answer::Answers, endpoint::Endpoint, request};

/// Sends a call and reads its answer.
pub(in crate::aws) async fn send(
    (api, endpoint): (&Api, &Endpoint),
    operation: &str,
    input: Value,
    (sdk, recorder): (&SdkConfig, SharedInterceptor),
) -> Result<Value, SdkError<ErrorMetadata, HttpResponse>> {
    let (wire, name) = (api.wire, operation.to_owned());
    let mut builder = Operation::builder()
        .service_name(api.service_id)
        .operation_name(operation.to_owned())
        .endpoint_url(&endpoint.url)
        .runtime_plugin(signing(api, &endpoint.region, sdk))
        .runtime_plugin(watch(sdk))
        .retry_classifier(TransientErrorClassifier::<ErrorMetadata>::new())
        .retry_classifier(AwsErrorCodeClassifier::<ErrorMetadata>::new())
        .retry_classifier(HttpStatusCodeClassifier::default())
        .interceptor(recorder)
        .with_connection_poisoning();
    if let Some(version) = sdk.behavior_version() {
        builder = builder.behavior_version(version);
    }
    if let Some(client) = sdk.http_client() {
        builder = builder.http_client(client);
    }
    if let Some(retries) = sdk.retry_config() {
        builder = builder.standard_retry(retries);
    }
    if let Some(timeouts) = sdk.timeout_config() {
        builder = builder.timeout_config(timeouts.clone());
    }
    if let Some(sleep) = sdk.sleep_impl() {
        builder = builder.sleep_impl(sleep);
    }
    if let Some(time) = sdk.time_source() {
        builder = builder.time_source(time);
    }
    let operation = builder
        .serializer(move |input: Value| request::build(wire, &name, &input))
        .deserializer_impl::<Value, ErrorMetadata>(Answers(wire))
        .build();
    operation.invoke(input).await
}

/// Whether the SDK watches over streams that stall: not by its default, but as for every other call.
fn watch(sdk: &SdkConfig) -> StaticRuntimePlugin {
    let mut settings = Layer::new("watch");
    if let Some(protection) = sdk.stalled_stream_protection() {
        settings.store_put(protection);
    }
    StaticRuntimePlugin::new().with_config(settings.freeze())
}

/// How a call is signed, and with whose credentials.
fn signing(api: &Api, region: &str, sdk: &SdkConfig) -> StaticRuntimePlugin {
    let mut settings = Layer::new("signing");
    settings.store_put(AuthSchemeOptionResolverParams::new(()));
    settings.store_put(SigV4OperationSigningConfig {
        region: Some(SigningRegion::from(Region::new(region.to_owned()))),
        name: Some(SigningName::from_static(api.signing_name)),
        ..SigV4OperationSigningConfig::default()
    });
    let mut components = RuntimeComponentsBuilder::new("signing")
        .with_auth_scheme(SigV4AuthScheme::new())
        .with_auth_scheme_option_resolver(Some(StaticAuthSchemeOptionResolver::new(vec![SCHEME_ID])));
    if let Some(credentials) = sdk.credentials_provider() {
        components.set_identity_resolver(SCHEME_ID, credentials);
    }
    // One for all clients: credentials are fetched once.
    if let Some(cache) = sdk.identity_cache() {
        components.set_identity_cache(Some(cache));
    }
    StaticRuntimePlugin::new().with_config(settings.freeze()).with_runtime_components(components)
}
