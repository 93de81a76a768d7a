import { registry } from "@web/core/registry";

import { patient } from "./patient";

/** A manager goes on with a connection that was begun, to the subscription. */
registry.category("web_tour.tours").add("crvs_connect", {
    steps: () =>
        patient([
            { trigger: ".nav-link[name=crvs]", run: "click" },
            { trigger: "button[name=action_connect]", run: "click" },
            {
                content: "what the registry is called",
                trigger: ".modal [name=receiver_id] input",
                run: "edit crvs.example.org",
            },
            {
                content: "what we are called",
                trigger: ".modal [name=our_sender_id] input",
                run: "edit spp.example.org",
            },
            { trigger: ".modal button[name=action_next]:contains('Next')", run: "click" },
            {
                content: "where tokens are got",
                trigger: ".modal [name=oauth2_token_url] input",
                async run({ edit }) {
                    const base = document.querySelector("[name=base_url] input").value;
                    await edit(`${base}/token`);
                },
            },
            { trigger: ".modal [name=oauth2_client_id] input", run: "edit spp" },
            { trigger: ".modal [name=oauth2_client_secret] input", run: "edit right" },
            { trigger: ".modal button[name=action_next]:contains('Test and Go On')", run: "click" },
            { trigger: ".modal button[name=action_fetch]:contains('Fetch Keys')", run: "click" },
            {
                content: "the fingerprint is compared with what the registry's administrator reads",
                trigger: ".modal [name=fingerprints]:not(:empty)",
                async run({ anchor, edit }) {
                    const told = anchor.textContent.trim().slice(0, 20);
                    await edit(told, ".modal [name=told_fingerprint] input");
                },
            },
            { trigger: ".modal button[name=action_next]:contains('Compare and Go On')", run: "click" },
            { trigger: ".modal button[name=action_next]:contains('Subscribe')", run: "click" },
            { content: "the registry answered", trigger: ".modal .badge:contains('Active')" },
        ]),
});
