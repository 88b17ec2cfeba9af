/** What AWS's clients do with mixtures of ingredients. Written by `npm run measure-clients`; do not edit. */
import type { MeasuredClient } from "./measured.ts";
import type { Client } from "./client-names.ts";

/** The clients that were measured, in the order of the words below. */
export const measuredClients: ReadonlyMap<Client, MeasuredClient> = new Map<Client, MeasuredClient>(
  [
    ["botocore", { version: "botocore 1.43.11", date: "2026-11-30" }],
    ["cli", { version: "AWS CLI 1.45.11", date: "2026-12-01" }],
    ["go", { version: "aws-sdk-go-v2/config v1.33.18", date: "2026-11-30" }],
    ["goV1", { version: "aws-sdk-go v1.55.8", date: "2026-11-30" }],
    ["js", { version: "@aws-sdk/credential-providers 3.1173.0", date: "2026-11-30" }],
    ["jsV2", { version: "aws-sdk 2.1693.0", date: "2026-12-01" }],
    ["java", { version: "software.amazon.awssdk 2.57.8", date: "2026-12-01" }],
    ["javaV1", { version: "com.amazonaws aws-java-sdk 1.12.797", date: "2026-11-30" }],
    ["kotlin", { version: "aws.sdk.kotlin 1.6.0", date: "2026-12-01" }],
    ["rust", { version: "aws-config 1.13.0", date: "2026-11-30" }],
    ["ruby", { version: "aws-sdk-core 3.168.1", date: "2026-12-01" }],
    ["cpp", { version: "aws-sdk-cpp in pyarrow 26.0.1", date: "2026-11-30" }],
    ["crt", { version: "awscrt 0.38.1", date: "2026-11-30" }],
    ["php", { version: "aws-sdk-php 3.376.2", date: "2026-11-23" }],
  ],
);

/** Mixture → what each client does, a word for each. */
export const measurements: Readonly<Record<string, string>> = {
  nothing:
    "unusable unusable unusable unusable unusable unusable unusable unusable unusable unusable unusable error unusable not-measured",
  role_arn:
    "error error role role unusable unusable unusable unusable unusable error error error unusable not-measured",
  "role_arn + source_profile":
    "role role role role role role role role role role role error role not-measured",
  "role_arn + source_profile (itself)":
    "error error error error unusable error unusable unusable unusable unusable error error unusable not-measured",
  "role_arn + credential_source":
    "role role role role role unusable role unusable role role role error role not-measured",
  "role_arn + web_identity_token_file":
    "web-identity web-identity web-identity web-identity web-identity web-identity web-identity unusable web-identity web-identity web-identity error web-identity web-identity",
  "role_arn + sso_session":
    "error error role role sso sso sso unusable unusable error sso sso unusable not-measured",
  "role_arn + sso_start_url":
    "error error role role sso sso sso unusable unusable error sso sso unusable not-measured",
  "role_arn + login_session":
    "error error role role login unusable login unusable unusable error error error unusable not-measured",
  "role_arn + credential_process":
    "error error process-then-role process-then-role process process process unusable unusable error error error unusable not-measured",
  "role_arn + key in config":
    "error error role role key unusable key unusable key error error error unusable not-measured",
  "role_arn + key in credentials":
    "error error role role key unusable key key key error error error unusable not-measured",
  "role_arn + mfa_serial":
    "error error error error unusable unusable unusable unusable unusable error error error unusable not-measured",
  "role_arn + keys in capitals":
    "error error role role unusable unusable unusable unusable unusable error error error unusable not-measured",
  "role_arn + spaces in the header":
    "error error role role unusable unusable unusable unusable unusable error error error unusable not-measured",
  "role_arn + quoted header":
    "error error error unusable unusable unusable unusable unusable unusable unusable error error unusable not-measured",
  "role_arn + another sso_region":
    "error error error error error unusable unusable unusable unusable error error error unusable not-measured",
  "role_arn + no region":
    "error error error role unusable unusable unusable unusable unusable error error error unusable not-measured",
  source_profile:
    "unusable unusable error error unusable unusable unusable unusable unusable unusable error error unusable not-measured",
  "source_profile + credential_source":
    "unusable unusable error error unusable unusable unusable unusable unusable unusable error error unusable not-measured",
  "source_profile + web_identity_token_file":
    "error error error error unusable unusable unusable unusable unusable error error error unusable not-measured",
  "source_profile + sso_session":
    "sso sso error error sso sso sso unusable sso sso sso sso unusable not-measured",
  "source_profile + sso_start_url":
    "sso sso error error sso sso sso unusable sso sso sso sso unusable not-measured",
  "source_profile + login_session":
    "login error error error login unusable login unusable login login error error unusable not-measured",
  "source_profile + credential_process":
    "process process error error process process process process process process error process process not-measured",
  "source_profile + key in config":
    "key key error error key key key key key key error key key not-measured",
  "source_profile + key in credentials":
    "key key error error key key key key key key error key key not-measured",
  "source_profile + mfa_serial":
    "unusable unusable error error unusable unusable unusable unusable unusable unusable error error unusable not-measured",
  "source_profile + keys in capitals":
    "key key error error unusable unusable unusable unusable unusable key error error unusable not-measured",
  "source_profile + spaces in the header":
    "error error error error unusable unusable unusable unusable unusable unusable error error unusable not-measured",
  "source_profile + quoted header":
    "unusable unusable error unusable unusable unusable unusable unusable unusable unusable error error unusable not-measured",
  "source_profile + another sso_region":
    "unusable unusable error error error unusable unusable unusable unusable unusable error error unusable not-measured",
  "source_profile + no region":
    "unusable unusable error error unusable unusable unusable unusable unusable unusable error error unusable not-measured",
  "source_profile (itself)":
    "unusable unusable error error unusable error unusable unusable unusable unusable error error unusable not-measured",
  "source_profile (itself) + credential_source":
    "unusable unusable error error unusable error unusable unusable unusable unusable error error unusable not-measured",
  "source_profile (itself) + web_identity_token_file":
    "error error error error unusable unusable unusable unusable unusable error error error unusable not-measured",
  "source_profile (itself) + sso_session":
    "sso sso error error sso sso sso unusable sso sso sso sso unusable not-measured",
  "source_profile (itself) + sso_start_url":
    "sso sso error error sso sso sso unusable sso sso sso sso unusable not-measured",
  "source_profile (itself) + login_session":
    "login error error error login error login unusable login login error error unusable not-measured",
  "source_profile (itself) + credential_process":
    "process process error error process process process process process process error process process not-measured",
  "source_profile (itself) + key in config":
    "key key error error key key key key key key error key key not-measured",
  "source_profile (itself) + key in credentials":
    "key key error error key key key key key key error key key not-measured",
  "source_profile (itself) + mfa_serial":
    "unusable unusable error error unusable error unusable unusable unusable unusable error error unusable not-measured",
  "source_profile (itself) + keys in capitals":
    "key key error error unusable error unusable unusable unusable key error error unusable not-measured",
  "source_profile (itself) + spaces in the header":
    "error error error error unusable unusable unusable unusable unusable unusable error error unusable not-measured",
  "source_profile (itself) + quoted header":
    "unusable unusable error unusable unusable unusable unusable unusable unusable unusable error error unusable not-measured",
  "source_profile (itself) + another sso_region":
    "unusable unusable error error error error unusable unusable unusable unusable error error unusable not-measured",
  "source_profile (itself) + no region":
    "unusable unusable error error unusable error unusable unusable unusable unusable error error unusable not-measured",
  credential_source:
    "unusable unusable error error unusable unusable unusable unusable unusable unusable error error unusable not-measured",
  "credential_source + web_identity_token_file":
    "error error error error unusable unusable unusable unusable unusable unusable error error unusable not-measured",
  "credential_source + sso_session":
    "sso sso error error sso sso sso unusable unusable unusable sso sso unusable not-measured",
  "credential_source + sso_start_url":
    "sso sso error error sso sso sso unusable unusable unusable sso sso unusable not-measured",
  "credential_source + login_session":
    "login error error error login unusable login unusable unusable unusable error error unusable not-measured",
  "credential_source + credential_process":
    "process process error error process process process process unusable unusable error process process not-measured",
  "credential_source + key in config":
    "key key error error key key key key key unusable error key key not-measured",
  "credential_source + key in credentials":
    "key key error error key key key key key unusable error key key not-measured",
  "credential_source + mfa_serial":
    "unusable unusable error error unusable unusable unusable unusable unusable unusable error error unusable not-measured",
  "credential_source + keys in capitals":
    "key key error error unusable unusable unusable unusable unusable unusable error error unusable not-measured",
  "credential_source + spaces in the header":
    "error error error error unusable unusable unusable unusable unusable unusable error error unusable not-measured",
  "credential_source + quoted header":
    "unusable unusable error unusable unusable unusable unusable unusable unusable unusable error error unusable not-measured",
  "credential_source + another sso_region":
    "unusable unusable error error error unusable unusable unusable unusable unusable error error unusable not-measured",
  "credential_source + no region":
    "unusable unusable error error unusable unusable unusable unusable unusable unusable error error unusable not-measured",
  web_identity_token_file:
    "error error error error unusable unusable unusable unusable unusable error unusable error unusable not-measured",
  "web_identity_token_file + sso_session":
    "error error error error sso sso sso unusable unusable error sso sso unusable not-measured",
  "web_identity_token_file + sso_start_url":
    "error error error error sso sso sso unusable unusable error sso sso unusable not-measured",
  "web_identity_token_file + login_session":
    "error error error error login unusable login unusable unusable error unusable error unusable not-measured",
  "web_identity_token_file + credential_process":
    "error error error error process process process process unusable error process process process not-measured",
  "web_identity_token_file + key in config":
    "error error error error key key key key key error key key key not-measured",
  "web_identity_token_file + key in credentials":
    "error error error error key key key key key error key key key not-measured",
  "web_identity_token_file + mfa_serial":
    "error error error error unusable unusable unusable unusable unusable error unusable error unusable not-measured",
  "web_identity_token_file + keys in capitals":
    "error error error error unusable unusable unusable unusable unusable error unusable error unusable not-measured",
  "web_identity_token_file + spaces in the header":
    "error error error error unusable unusable unusable unusable unusable error error error unusable not-measured",
  "web_identity_token_file + quoted header":
    "error error error unusable unusable unusable unusable unusable unusable unusable error error unusable not-measured",
  "web_identity_token_file + another sso_region":
    "error error error error error unusable unusable unusable unusable error unusable error unusable not-measured",
  "web_identity_token_file + no region":
    "error error error error unusable unusable unusable unusable unusable error error error unusable not-measured",
  sso_session: "sso sso sso sso sso sso sso unusable sso sso sso sso unusable sso",
  "sso_session + login_session":
    "sso sso sso sso sso sso sso unusable sso sso sso sso unusable not-measured",
  "sso_session + credential_process":
    "sso sso sso sso process sso sso process sso sso sso process process sso",
  "sso_session + key in config": "sso sso key key key sso sso key key sso sso key key not-measured",
  "sso_session + key in credentials":
    "sso sso key key key sso sso key key sso sso key key not-measured",
  "sso_session + mfa_serial":
    "sso sso sso sso sso sso sso unusable sso sso sso sso unusable not-measured",
  "sso_session + keys in capitals":
    "sso sso key sso sso sso sso unusable sso sso sso sso unusable not-measured",
  "sso_session + spaces in the header":
    "error error sso sso unusable unusable sso unusable sso sso error sso unusable not-measured",
  "sso_session + quoted header":
    "sso sso error unusable sso unusable unusable unusable unusable unusable error error unusable not-measured",
  "sso_session + another sso_region":
    "error error error error sso sso unusable unusable unusable error error error unusable not-measured",
  "sso_session + no region":
    "sso sso sso sso sso sso sso unusable sso sso error sso unusable not-measured",
  sso_start_url: "sso sso sso sso sso sso sso unusable sso sso sso sso unusable not-measured",
  "sso_start_url + login_session":
    "sso sso sso sso sso sso sso unusable sso sso sso sso unusable not-measured",
  "sso_start_url + credential_process":
    "sso sso sso sso process sso sso process sso sso sso process process not-measured",
  "sso_start_url + key in config":
    "sso sso key key key sso sso key key sso sso key key not-measured",
  "sso_start_url + key in credentials":
    "sso sso key key key sso sso key key sso sso key key not-measured",
  "sso_start_url + mfa_serial":
    "sso sso sso sso sso sso sso unusable sso sso sso sso unusable not-measured",
  "sso_start_url + keys in capitals":
    "sso sso key sso sso sso sso unusable sso sso sso sso unusable not-measured",
  "sso_start_url + spaces in the header":
    "error error sso sso unusable unusable sso unusable sso sso error sso unusable not-measured",
  "sso_start_url + quoted header":
    "sso sso error unusable sso unusable unusable unusable unusable unusable error error unusable not-measured",
  "sso_start_url + no region":
    "sso sso sso sso sso sso sso unusable sso sso error sso unusable not-measured",
  login_session:
    "login error login unusable login unusable login unusable login login unusable error unusable not-measured",
  "login_session + credential_process":
    "login error login process process process login process login login process process process process",
  "login_session + key in config":
    "login error key key key key login key key login key key key not-measured",
  "login_session + key in credentials":
    "key key key key key key login key key login key key key not-measured",
  "login_session + mfa_serial":
    "login error login unusable login unusable login unusable login login unusable error unusable not-measured",
  "login_session + keys in capitals":
    "login error key unusable login unusable login unusable login login unusable error unusable not-measured",
  "login_session + spaces in the header":
    "error error login unusable unusable unusable login unusable login login error error unusable not-measured",
  "login_session + quoted header":
    "login error error unusable login unusable unusable unusable unusable unusable error error unusable not-measured",
  "login_session + another sso_region":
    "login error error error error unusable unusable unusable login unusable unusable error unusable not-measured",
  "login_session + no region":
    "login error login unusable login unusable unusable unusable login login error error unusable not-measured",
  credential_process:
    "process process process process process process process process process process process process process process",
  "credential_process + key in config":
    "process process key key key key process process key process key key key not-measured",
  "credential_process + key in credentials":
    "key key key key key key process key key process key key key key",
  "credential_process + mfa_serial":
    "process process process process process process process process process process process process process process",
  "credential_process + keys in capitals":
    "process process key process process process process process process process process process process not-measured",
  "credential_process + spaces in the header":
    "error error process process unusable unusable process process process process error process process not-measured",
  "credential_process + quoted header":
    "process process error unusable process unusable unusable unusable unusable unusable error error unusable not-measured",
  "credential_process + another sso_region":
    "process process error error process process unusable process process unusable process process process not-measured",
  "credential_process + no region":
    "process process process process process process process process process process error process process not-measured",
  "key in config": "key key key key key key key key key key key key key key",
  "key in config + key in credentials":
    "key key key key key key key key key key key key key not-measured",
  "key in config + mfa_serial": "key key key key key key key key key key key key key not-measured",
  "key in config + keys in capitals":
    "error error key key key key key key key key key key key not-measured",
  "key in config + spaces in the header":
    "error error key key unusable unusable key key key key error key key not-measured",
  "key in config + quoted header":
    "key key error unusable key unusable unusable unusable unusable unusable error error unusable not-measured",
  "key in config + another sso_region":
    "key key key key key key unusable key key unusable key key key not-measured",
  "key in config + no region": "key key key key key key key key key key error key key not-measured",
  "key in credentials": "key key key key key key key key key key key key key key",
  "key in credentials + mfa_serial":
    "key key key key key key key key key key key key key not-measured",
  "key in credentials + keys in capitals":
    "key key key key key key key key key key key key key not-measured",
  "key in credentials + spaces in the header":
    "key key key key key key key key key key error key key not-measured",
  "key in credentials + quoted header":
    "key key key key key key key key key key error key key not-measured",
  "key in credentials + another sso_region":
    "key key key key key key unusable key key unusable key key key not-measured",
  "key in credentials + no region":
    "key key key key key key key key key key error key key not-measured",
  mfa_serial:
    "unusable unusable unusable unusable unusable unusable unusable unusable unusable unusable unusable error unusable not-measured",
  "mfa_serial + keys in capitals":
    "key key key unusable unusable unusable unusable unusable unusable key unusable error unusable not-measured",
  "mfa_serial + spaces in the header":
    "error error unusable unusable unusable unusable unusable unusable unusable unusable error error unusable not-measured",
  "mfa_serial + quoted header":
    "unusable unusable error unusable unusable unusable unusable unusable unusable unusable error error unusable not-measured",
  "mfa_serial + another sso_region":
    "unusable unusable error error error unusable unusable unusable unusable unusable unusable error unusable not-measured",
  "mfa_serial + no region":
    "unusable unusable unusable unusable unusable unusable unusable unusable unusable unusable error error unusable not-measured",
  "keys in capitals":
    "key key key unusable unusable unusable unusable unusable unusable key unusable error unusable not-measured",
  "keys in capitals + spaces in the header":
    "error error key unusable unusable unusable unusable unusable unusable key error error unusable not-measured",
  "keys in capitals + quoted header":
    "key key error unusable unusable unusable unusable unusable unusable unusable error error unusable not-measured",
  "keys in capitals + another sso_region":
    "key key key error error unusable unusable unusable unusable unusable unusable error unusable not-measured",
  "keys in capitals + no region":
    "key key key unusable unusable unusable unusable unusable unusable key error error unusable not-measured",
  "spaces in the header":
    "error error unusable unusable unusable unusable unusable unusable unusable unusable error error unusable not-measured",
  "spaces in the header + quoted header":
    "error error unusable unusable unusable unusable unusable unusable unusable unusable error error unusable not-measured",
  "spaces in the header + another sso_region":
    "error error error error unusable unusable unusable unusable unusable unusable error error unusable not-measured",
  "spaces in the header + no region":
    "error error unusable unusable unusable unusable unusable unusable unusable unusable error error unusable not-measured",
  "quoted header":
    "unusable unusable error unusable unusable unusable unusable unusable unusable unusable error error unusable not-measured",
  "quoted header + another sso_region":
    "unusable unusable error unusable error unusable unusable unusable unusable unusable error error unusable not-measured",
  "quoted header + no region":
    "unusable unusable error unusable unusable unusable unusable unusable unusable unusable error error unusable not-measured",
  "another sso_region":
    "unusable unusable error error error unusable unusable unusable unusable unusable unusable error unusable not-measured",
  "another sso_region + no region":
    "unusable unusable error error error unusable unusable unusable unusable unusable error error unusable not-measured",
  "no region":
    "unusable unusable unusable unusable unusable unusable unusable unusable unusable unusable error error unusable not-measured",
  "role_arn + source_profile + credential_source":
    "error error error error unusable role unusable role unusable error error error role not-measured",
  "role_arn + source_profile + web_identity_token_file":
    "web-identity web-identity error error role role web-identity web-identity role web-identity web-identity web-identity role not-measured",
  "role_arn + source_profile + sso_session":
    "role role role role role sso sso role role role sso sso role not-measured",
  "role_arn + source_profile + sso_start_url":
    "role role role role role sso sso role role role sso sso role not-measured",
  "role_arn + source_profile + login_session":
    "role role role role role role role role role role role error role not-measured",
  "role_arn + source_profile + credential_process":
    "role role error error role role role role role role role error role not-measured",
  "role_arn + source_profile + key in config":
    "role role role role role role role role key role role error role not-measured",
  "role_arn + source_profile + key in credentials":
    "role role role role role role role key key role role error role not-measured",
  "role_arn + source_profile + mfa_serial":
    "role role error error error role-without-code role-without-code role-without-code role-without-code role-without-code role-without-code error role-without-code not-measured",
  "role_arn + source_profile + keys in capitals":
    "role role role role role role role role role role role error role not-measured",
  "role_arn + source_profile + spaces in the header":
    "error error role role unusable unusable role role role role error error role not-measured",
  "role_arn + source_profile + quoted header":
    "role role error unusable role unusable unusable unusable unusable unusable error error unusable not-measured",
  "role_arn + source_profile + another sso_region":
    "role role role role role role unusable role role role role error role not-measured",
  "role_arn + source_profile + no region":
    "role role error role role role role role role error error error role not-measured",
  "role_arn + source_profile (itself) + credential_source":
    "error error error error unusable error unusable unusable unusable error error error unusable not-measured",
  "role_arn + source_profile (itself) + web_identity_token_file":
    "web-identity web-identity error error unusable error web-identity unusable web-identity web-identity web-identity web-identity web-identity not-measured",
  "role_arn + source_profile (itself) + sso_session":
    "error error role role unusable sso sso unusable role role sso sso unusable not-measured",
  "role_arn + source_profile (itself) + sso_start_url":
    "error error role role unusable sso sso unusable role role sso sso unusable not-measured",
  "role_arn + source_profile (itself) + login_session":
    "error error error error unusable error unusable unusable role role error error unusable not-measured",
  "role_arn + source_profile (itself) + credential_process":
    "error error error error process error unusable unusable process-then-role process-then-role error error unusable not-measured",
  "role_arn + source_profile (itself) + key in config":
    "role role role role role role unusable role key role role error role not-measured",
  "role_arn + source_profile (itself) + key in credentials":
    "role role role role role role unusable key key role role error role not-measured",
  "role_arn + source_profile (itself) + mfa_serial":
    "error error error error error error unusable unusable unusable unusable error error unusable not-measured",
  "role_arn + source_profile (itself) + keys in capitals":
    "role role role error unusable error unusable unusable unusable role error error unusable not-measured",
  "role_arn + source_profile (itself) + spaces in the header":
    "error error error error unusable unusable unusable unusable unusable unusable error error unusable not-measured",
  "role_arn + source_profile (itself) + quoted header":
    "error error error unusable unusable unusable unusable unusable unusable unusable error error unusable not-measured",
  "role_arn + source_profile (itself) + another sso_region":
    "error error error error unusable error unusable unusable unusable unusable error error unusable not-measured",
  "role_arn + source_profile (itself) + no region":
    "error error error error unusable error unusable unusable unusable unusable error error unusable not-measured",
  "role_arn + credential_source + web_identity_token_file":
    "web-identity web-identity error error role web-identity web-identity unusable role unusable web-identity web-identity role not-measured",
  "role_arn + credential_source + sso_session":
    "role role role role role sso sso unusable role role sso sso role not-measured",
  "role_arn + credential_source + sso_start_url":
    "role role role role role sso sso unusable role role sso sso role not-measured",
  "role_arn + credential_source + login_session":
    "role role role role role unusable role unusable role role role error role not-measured",
  "role_arn + credential_source + credential_process":
    "role role error error role process role unusable role role role error role not-measured",
  "role_arn + credential_source + key in config":
    "role role role role role unusable role unusable key role role error role not-measured",
  "role_arn + credential_source + key in credentials":
    "role role role role role unusable role key key role role error role not-measured",
  "role_arn + credential_source + mfa_serial":
    "role role error error error unusable role-without-code unusable role-without-code role-without-code role-without-code error role-without-code not-measured",
  "role_arn + credential_source + keys in capitals":
    "role role role role role unusable role unusable role role role error role not-measured",
  "role_arn + credential_source + spaces in the header":
    "error error role role unusable unusable role unusable role role error error role not-measured",
  "role_arn + credential_source + quoted header":
    "role role error unusable role unusable unusable unusable unusable unusable error error unusable not-measured",
  "role_arn + credential_source + another sso_region":
    "role role role role role unusable unusable unusable role role role error role not-measured",
  "role_arn + credential_source + no region":
    "role role error role role unusable role unusable role error error error role not-measured",
  "role_arn + web_identity_token_file + sso_session":
    "web-identity web-identity web-identity web-identity web-identity sso web-identity unusable web-identity web-identity web-identity error web-identity not-measured",
  "role_arn + web_identity_token_file + sso_start_url":
    "web-identity web-identity web-identity web-identity web-identity sso web-identity unusable web-identity web-identity web-identity error web-identity not-measured",
  "role_arn + web_identity_token_file + login_session":
    "web-identity web-identity web-identity web-identity web-identity web-identity web-identity unusable web-identity web-identity web-identity error web-identity not-measured",
  "role_arn + web_identity_token_file + credential_process":
    "web-identity web-identity error error web-identity process web-identity unusable web-identity web-identity web-identity error web-identity web-identity",
  "role_arn + web_identity_token_file + key in config":
    "web-identity web-identity role role key web-identity web-identity unusable key web-identity web-identity error web-identity not-measured",
  "role_arn + web_identity_token_file + key in credentials":
    "web-identity web-identity role role key web-identity web-identity key key web-identity web-identity error web-identity not-measured",
  "role_arn + web_identity_token_file + mfa_serial":
    "web-identity web-identity web-identity web-identity web-identity web-identity web-identity unusable web-identity web-identity web-identity error web-identity not-measured",
  "role_arn + web_identity_token_file + keys in capitals":
    "web-identity web-identity role web-identity web-identity web-identity web-identity unusable web-identity web-identity web-identity error web-identity not-measured",
  "role_arn + web_identity_token_file + spaces in the header":
    "error error web-identity web-identity unusable unusable web-identity unusable web-identity web-identity error error web-identity not-measured",
  "role_arn + web_identity_token_file + quoted header":
    "web-identity web-identity error unusable web-identity unusable unusable unusable unusable unusable error error unusable not-measured",
  "role_arn + web_identity_token_file + another sso_region":
    "web-identity web-identity web-identity web-identity web-identity web-identity web-identity unusable web-identity web-identity web-identity error web-identity not-measured",
  "role_arn + web_identity_token_file + no region":
    "web-identity web-identity error web-identity web-identity web-identity web-identity unusable unusable error error error unusable not-measured",
  "role_arn + source_profile + credential_source + mfa_serial":
    "error error error error unusable role-without-code unusable role-without-code unusable error error error role-without-code not-measured",
  "role_arn + source_profile + web_identity_token_file + mfa_serial":
    "web-identity web-identity error error error role-without-code web-identity web-identity role-without-code web-identity web-identity web-identity role-without-code not-measured",
  "role_arn + source_profile + sso_session + mfa_serial":
    "role role error error error sso sso role-without-code role-without-code role-without-code sso sso role-without-code not-measured",
  "role_arn + source_profile + sso_start_url + mfa_serial":
    "role role error error error sso sso role-without-code role-without-code role-without-code sso sso role-without-code not-measured",
  "role_arn + source_profile + login_session + mfa_serial":
    "role role error error error role-without-code role-without-code role-without-code role-without-code role-without-code role-without-code error role-without-code not-measured",
  "role_arn + source_profile + credential_process + mfa_serial":
    "role role error error error role-without-code role-without-code role-without-code role-without-code role-without-code role-without-code error role-without-code not-measured",
  "role_arn + source_profile + key in config + mfa_serial":
    "role role error error error role-without-code role-without-code role-without-code key role-without-code role-without-code error role-without-code not-measured",
  "role_arn + source_profile + key in credentials + mfa_serial":
    "role role error error error role-without-code role-without-code key key role-without-code role-without-code error role-without-code not-measured",
  "role_arn + source_profile + mfa_serial + keys in capitals":
    "role role error error error role-without-code role-without-code role-without-code role-without-code role-without-code role-without-code error role-without-code not-measured",
  "role_arn + source_profile + mfa_serial + spaces in the header":
    "error error error error unusable unusable role-without-code role-without-code role-without-code role-without-code error error role-without-code not-measured",
  "role_arn + source_profile + mfa_serial + quoted header":
    "role role error unusable error unusable unusable unusable unusable unusable error error unusable not-measured",
  "role_arn + source_profile + mfa_serial + another sso_region":
    "role role error error error role-without-code unusable role-without-code role-without-code role-without-code role-without-code error role-without-code not-measured",
  "role_arn + source_profile + mfa_serial + no region":
    "role role error error error role-without-code role-without-code role-without-code role-without-code error error error role-without-code not-measured",
};
