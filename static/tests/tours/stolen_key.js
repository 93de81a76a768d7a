import { registry } from "@web/core/registry";

import { patient } from "./patient";

/** A manager ends the trust in a registry whose key was stolen, and has its events undone. */
registry.category("web_tour.tours").add("crvs_stolen_key", {
    steps: () =>
        patient([
            { trigger: "button:contains('A Key Was Stolen')", run: "click" },
            {
                content: "since when",
                trigger: ".modal [name=since] input, .modal [name=since] button",
                run: "click",
            },
            {
                trigger: ".modal [name=since] input",
                run: "edit 01/01/2020 00:00:00 && press Tab",
            },
            {
                content: "why",
                trigger: ".modal [name=reason] textarea",
                run: "edit The registry says so.",
            },
            { content: "what will be undone", trigger: ".modal [name=summary]:contains('Death: 1')" },
            { trigger: ".modal button[name=action_confirm]", run: "click" },
            // It disables people's payments again or not: asked once more.
            { trigger: ".modal .modal-footer .btn-primary", run: "click" },
            {
                content: "the report",
                trigger: "body:not(:has(.modal)) .o_form_view [name=reason]:contains('The registry')",
            },
        ]),
});
