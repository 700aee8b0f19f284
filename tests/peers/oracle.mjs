// node-oidc-provider in its FAPI 2.0 profile, on a loopback port: what the differential test asks beside the gateway.
//
// Reads {"clients": [{"client_id", "jwks"}]} from stdin, prints {"issuer"} when it listens, and ends when stdin closes.
// The data's own policy (whose agreement, which purpose) is no business of an oracle: it takes every detail that is
// well formed and of our type.
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { Provider, errors } from "oidc-provider";

const ALGORITHMS = ["ES256", "PS256", "Ed25519", "EdDSA"];
const lines = createInterface({ input: process.stdin });
const { clients } = JSON.parse((await lines[Symbol.asyncIterator]().next()).value);
lines.on("close", () => process.exit(0));

const server = createServer();
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: clients.map((client) => ({
    ...client,
    token_endpoint_auth_method: "private_key_jwt",
    grant_types: ["client_credentials"],
    response_types: [],
    redirect_uris: [],
    dpop_bound_access_tokens: true,
    authorization_details_types: ["student_data"],
  })),
  clientAuthMethods: ["private_key_jwt"],
  enabledJWA: { clientAuthSigningAlgValues: ALGORITHMS, dPoPSigningAlgValues: ALGORITHMS },
  routes: { token: "/oauth/token" },
  scopes: [],
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    dPoP: { enabled: true },
    fapi: { enabled: true, profile: "2.0" },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => issuer,
      getResourceServerInfo: (_ctx, resource) => {
        if (resource !== issuer) throw new errors.InvalidTarget();
        return { scope: "", audience: issuer, accessTokenFormat: "jwt", jwt: { sign: { alg: "RS256" } } };
      },
    },
    richAuthorizationRequests: {
      enabled: true,
      types: { student_data: { validate: () => undefined } },
      authorizationDetailsForGrantSource: () => undefined,
      authorizationDetailsForAccessToken: (ctx) => JSON.parse(ctx.oidc.params.authorization_details),
      authorizationDetailsForIntrospection: () => undefined,
    },
  },
});
server.on("request", provider.callback());
process.stdout.write(`${JSON.stringify({ issuer })}\n`);
