// node-oidc-provider as a district's identity provider, on a loopback port: whom staff sign in with in the tests.
//
// Reads {"clients": [...]} from stdin, prints {"issuer"} when it listens, and ends when stdin closes. Signing in asks
// nothing: the interaction is done at once, for the account, acr and amr that the query of /as names.
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { Provider } from "oidc-provider";

const lines = createInterface({ input: process.stdin });
const { clients } = JSON.parse((await lines[Symbol.asyncIterator]().next()).value);
lines.on("close", () => process.exit(0));

const server = createServer();
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
const issuer = `http://127.0.0.1:${server.address().port}`;
let who = { account: "alvarez", acr: "two", amr: ["pwd", "otp"] };

const provider = new Provider(issuer, {
  clients,
  clientAuthMethods: ["private_key_jwt"],
  enabledJWA: { clientAuthSigningAlgValues: ["ES256"], idTokenSigningAlgValues: ["ES256", "RS256"] },
  acrValues: ["one", "two"],
  claims: { openid: ["sub", "amr"], acr: null, auth_time: null },
  conformIdTokenClaims: true,
  pkce: { required: () => true },
  features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: true } },
  interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  loadExistingGrant: async (ctx) => {
    const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
    grant.addOIDCScope("openid");
    await grant.save();
    return grant;
  },
});
const serve = provider.callback();
server.on("request", async (request, response) => {
  const url = new URL(request.url, issuer);
  if (url.pathname === "/as") {
    who = JSON.parse(url.searchParams.get("who"));
    return response.end("");
  }
  if (url.pathname.startsWith("/interaction/")) {
    const login = { accountId: who.account, acr: who.acr, amr: who.amr, remember: true };
    return provider.interactionFinished(request, response, { login }, { mergeWithLastSubmission: false });
  }
  return serve(request, response);
});
process.stdout.write(`${JSON.stringify({ issuer })}\n`);
