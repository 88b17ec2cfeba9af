//! Asks the AWS SDK for Rust for the credentials of AWS_PROFILE: prints `ok KEY_ID` or `error REASON`.
use aws_credential_types::provider::ProvideCredentials;
use std::error::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let config = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
    let answer = match config.credentials_provider() {
        None => "error no credentials provider".to_string(),
        Some(provider) => match provider.provide_credentials().await {
            Ok(found) => format!("ok {}", found.access_key_id()),
            Err(error) => {
                let mut text = error.to_string();
                let mut cause = error.source();
                while let Some(inner) = cause {
                    text = format!("{text}: {inner}");
                    cause = inner.source();
                }
                format!("error {}", text.replace('\n', " "))
            }
        },
    };
    println!("{answer}");
}
