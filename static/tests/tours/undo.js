import { registry } from "@web/core/registry";

import { patient } from "./patient";

/** A manager undoes a death that hit the wrong person. */
registry.category("web_tour.tours").add("crvs_undo", {
    steps: () =>
        patient([
            {
                content: "the death",
                trigger: ".o_data_row:has(.badge:contains('Applied')) td[name=event_type]",
                run: "click",
            },
            { content: "what it changed", trigger: ".nav-link[name=changes]", run: "click" },
            { content: "before and after", trigger: "td:contains('Date of Death')" },
            {
                trigger: "button[name=action_reverse]:contains('Undo')",
                run: "click",
            },
            {
                content: "why",
                trigger: ".modal [name=reason] textarea",
                run: "edit The wrong person.",
            },
            { trigger: ".modal button[name=action_confirm]", run: "click" },
            { content: "it is undone", trigger: ".ribbon:contains('Undone')" },
            { content: "and says why", trigger: "[name=undo_reason]:contains('The wrong person.')" },
        ]),
});
