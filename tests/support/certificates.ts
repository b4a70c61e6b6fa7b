import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const hasOpenssl = spawnSync("openssl", ["version"], { stdio: "ignore" }).status === 0;

/** Creates a self-signed certificate for `localhost` and 127.0.0.1 with the command `openssl`. */
export function makeCertificate(folder: string, name: string, validity: { from: string; to: string }) {
  const target = join(folder, name);
  mkdirSync(target);
  const [key, certificate] = [join(target, "key.pem"), join(target, "certificate.pem")];
  writeFileSync(join(target, "index"), "");
  writeFileSync(
    join(target, "config"),
    `[ca]
default_ca = own
[own]
database = ${target}/index
new_certs_dir = ${target}
rand_serial = yes
default_md = sha256
policy = any
x509_extensions = names
[any]
commonName = supplied
[names]
subjectAltName = DNS:localhost,IP:127.0.0.1
basicConstraints = CA:true
[req]
distinguished_name = none
[none]
`,
  );
  const openssl = (...words: string[]) => execFileSync("openssl", words, { cwd: target, stdio: "pipe" });
  const request = join(target, "request.pem");
  openssl(
    "req",
    "-new",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-keyout",
    key,
    "-out",
    request,
    "-subj",
    "/CN=localhost",
    "-config",
    "config",
  );
  openssl(
    "ca",
    "-batch",
    "-selfsign",
    "-config",
    "config",
    "-keyfile",
    key,
    "-in",
    request,
    "-out",
    certificate,
    "-notext",
    "-startdate",
    validity.from,
    "-enddate",
    validity.to,
  );
  return { key, certificate };
}
