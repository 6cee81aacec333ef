//! How AWS is spoken to: over TLS, and without it where an endpoint is named that has none.
//!
//! The SDK's own client reads and parses the system's root certificates for every client of a service that is built, and once
//! more for its first connection, whatever the endpoint: milliseconds each. Here that happens when the first request over TLS is
//! sent, and once for all clients.
//!
//! And it puts a bound on every answer, because clients read answers whole: a function that an endless one uses up the memory of
//! gives no verdict.

use std::mem;

use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::{
    connector_metadata::ConnectorMetadata,
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
        SharedHttpConnector,
    },
    orchestrator::HttpRequest,
    runtime_components::RuntimeComponents,
};
use aws_smithy_types::body::SdkBody;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

/// Bytes of an answer, more than AWS gives at once: the largest pages are a few megabytes.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// The client that all clients of services share, and with it their connections.
pub(super) fn client() -> SharedHttpClient {
    let tls = Builder::new().tls_provider(Provider::rustls(CryptoMode::Ring)).build_https();
    SharedHttpClient::new(Transport { plain: Builder::new().build_http(), tls })
}

/// What it does not do is to ask the two for a connector while a client of a service is built: that is what would read the
/// root certificates.
#[derive(Debug)]
struct Transport {
    plain: SharedHttpClient,
    tls: SharedHttpClient,
}

/// What one request is sent with, which tells by its address over what.
#[derive(Debug)]
struct Connector {
    plain: SharedHttpConnector,
    tls: SharedHttpClient,
    settings: HttpConnectorSettings,
    components: RuntimeComponents,
}

impl HttpClient for Transport {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector {
            plain: self.plain.http_connector(settings, components),
            tls: self.tls.clone(),
            settings: settings.clone(),
            components: components.clone(),
        })
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.tls.connector_metadata()
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let answer = if is_plain(request.uri()) {
            self.plain.call(request)
        } else {
            // Kept by the client from request to request, as the plain one is.
            self.tls.http_connector(&self.settings, &self.components).call(request)
        };
        HttpConnectorFuture::new(async {
            let mut answer = answer.await?;
            let body = mem::replace(answer.body_mut(), SdkBody::taken());
            *answer.body_mut() = SdkBody::from_body_1_x(Limited::new(body, MAX_BYTES).map_err(in_words));
            Ok(answer)
        })
    }
}

/// What the library says of a bound, with the bound.
fn in_words(error: BoxError) -> BoxError {
    if error.is::<LengthLimitError>() { "the answer has more than 16 MiB".into() } else { error }
}

/// Only where that is said: anything else goes over TLS.
fn is_plain(uri: &str) -> bool {
    uri.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("http://"))
}

#[cfg(test)]
mod tests {
    use tokio::{io::AsyncReadExt, net::TcpListener};

    use crate::aws::{Aws, Connection};

    /// The first byte that an endpoint gets: TLS records of a handshake begin with 22, requests with their method.
    #[tokio::test]
    async fn an_endpoint_is_spoken_to_as_its_address_says() {
        for (scheme, expected) in [("http", b'P'), ("HTTP", b'P'), ("https", 22)] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let endpoint_url = format!("{scheme}://{}", listener.local_addr().unwrap());
            let connection = Connection {
                endpoint_url: Some(endpoint_url),
                region: Some("us-east-1".to_owned()),
                unverified: true,
            };
            let aws = Aws::at(connection);
            let client = aws.codedeploy().await;
            let asking = client.get_deployment().deployment_id("d-82EELWTXI").send();
            let first = async { listener.accept().await.unwrap().0.read_u8().await.unwrap() };
            let first = tokio::select! {
                first = first => first,
                answer = asking => panic!("{scheme}: {answer:?}"),
            };
            assert_eq!(first, expected, "{scheme}");
        }
    }
}
