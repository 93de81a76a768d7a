import { registry } from "@web/core/registry";

import { patient } from "./patient";

/** An officer verifies a registrant's birth certificate. */
registry.category("web_tour.tours").add("crvs_verify_birth", {
    steps: () =>
        patient([
            { trigger: "button[name=action_crvs_verify_birth]", run: "click" },
            { content: "it agrees", trigger: ".modal .alert-success" },
            { content: "side by side", trigger: ".modal td:contains('1995-09-21')" },
            { trigger: ".modal button[name=action_mark_verified]", run: "click" },
            { content: "it says so", trigger: ".o_notification:contains('marked as verified')" },
            { content: "the window is gone", trigger: "body:not(:has(.modal))" },
        ]),
});
