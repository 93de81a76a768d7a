import { registry } from "@web/core/registry";

import { patient } from "./patient";

/** An officer empties the list of the morning. */
registry.category("web_tour.tours").add("crvs_morning", {
    steps: () =>
        patient([
            { content: "the badge leads to the list", trigger: ".o_crvs_needs_me", run: "click" },
            { content: "in our app", trigger: ".o_menu_brand:contains('Civil Registry')" },
            {
                content: "an event that is not clear",
                trigger: ".o_data_row:has(.badge:contains('Not clear who')) td[name=event_type]",
                run: "click",
            },
            {
                content: "what speaks for and against each",
                trigger: ".o_kanban_record:contains('same birth date') button:contains('It Is This One')",
                run: "click",
            },
            { content: "it says what happened", trigger: ".o_notification:contains('Applied')" },
            { content: "and is done", trigger: ".o_form_view .badge:contains('Applied')" },
            { content: "back", trigger: ".o_back_button, .breadcrumb-item a", run: "click" },
            {
                content: "an event that was applied with a remark",
                trigger: ".o_data_row:has(.badge:contains('look at')) td[name=event_type]",
                run: "click",
            },
            {
                content: "it was looked at",
                trigger: "button[name=action_review]:contains('Reviewed')",
                run: "click",
            },
            {
                content: "what came of it",
                trigger: ".modal [name=remark] textarea",
                run: "edit Asked the registry: the number is right.",
            },
            { trigger: ".modal button[name=action_confirm]", run: "click" },
            { content: "it is reviewed", trigger: ".o_form_view .badge:contains('Reviewed')" },
            { content: "back", trigger: ".o_back_button, .breadcrumb-item a", run: "click" },
            {
                content: "an event of somebody unknown",
                trigger: ".o_data_row:has(.badge:contains('Nobody found')) td[name=event_type]",
                run: "click",
            },
            { trigger: "button[name=action_nobody]", run: "click" },
            { trigger: ".modal button[name=action_confirm]", run: "click" },
            { content: "it is set aside", trigger: ".o_form_view .badge:contains('Set Aside')" },
            { content: "back", trigger: ".o_back_button, .breadcrumb-item a", run: "click" },
            { content: "nothing is left", trigger: ".o_view_nocontent:contains('Nothing needs you')" },
        ]),
});
