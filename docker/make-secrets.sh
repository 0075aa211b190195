#!/usr/bin/env bash
# Makes the secret files that docker-compose.yml reads, each once: what exists is never overwritten.
# Back up secrets/key_encryption_keys apart from the database: without it stored credentials cannot be opened.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# The folder keeps others on this machine out. The files are readable because a container's user has another id.
mkdir -p secrets
chmod 700 secrets

make_secret() { # make_secret NAME CONTENT
  if [ ! -e "secrets/$1" ]; then
    (umask 077 && printf '%s\n' "$2" >"secrets/$1.new")
    chmod 444 "secrets/$1.new"
    mv "secrets/$1.new" "secrets/$1"
    echo "made secrets/$1"
  fi
}

random() { # random BYTES: letters and digits only, so that it needs no escaping inside an address
  head -c "$1" /dev/urandom | od -An -tx1 | tr -d ' \n'
}

make_secret secret_key "$(random 40)"
make_secret key_encryption_keys "k1:$(head -c 32 /dev/urandom | base64 | tr -d '\n')"
make_secret postgres_password "$(random 24)"
make_secret database_url "postgres://callsphere_app:$(random 24)@postgres:5432/callsphere"
make_secret database_owner_url "postgres://callsphere_owner:$(random 24)@postgres:5432/callsphere"
make_secret redis_password "$(random 24)"
make_secret redis_url "redis://:$(cat secrets/redis_password)@redis:6379/0"
make_secret metrics_token "$(random 24)"
# An SMTP server, such as smtp+tls://user:password@mail.example:587; empty writes mails to files in the container.
make_secret email_url ""
# The auth token of the Twilio account that TWILIO_ACCOUNT_SID names in .env; empty without one.
make_secret twilio_auth_token ""
# A key of the project at OpenAI that OPENAI_PROJECT_ID names in .env, and its webhook's secret; empty without one.
make_secret openai_api_key ""
make_secret openai_webhook_secret ""
# A key of your Stripe account and its webhook endpoint's secret; empty, nothing can be bought.
make_secret stripe_secret_key ""
make_secret stripe_webhook_secret ""
