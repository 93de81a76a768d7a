import { registry } from "@web/core/registry";

import { patient } from "./patient";

/** An officer has a programme's members checked before a payment. */
registry.category("web_tour.tours").add("crvs_check_payment", {
    steps: () =>
        patient([
            { trigger: ".o_statusbar_buttons button:contains('Check Deaths')", run: "click" },
            { content: "who counts is said", trigger: ".modal p:contains('enrolled or paused')" },
            { content: "and how many", trigger: ".modal [name=count]:contains('5')" },
            {
                content: "only a report",
                trigger: ".modal .o_radio_item:contains('Report only') input",
                run: "click",
            },
            { trigger: ".modal button[name=action_start]", run: "click" },
            { content: "it is on its way", trigger: ".o_form_view .o_arrow_button_current:contains('Running')" },
        ]),
});

/** The officer looks at what came of it, and pauses those whom the registry does not know. */
registry.category("web_tour.tours").add("crvs_check_payment_results", {
    steps: () =>
        patient([
            { content: "the dead are counted", trigger: ".oe_stat_button:contains('Dead'):contains('1')" },
            { trigger: "button[name=action_pause_unknown]", run: "click" },
            { trigger: ".modal button[name=action_confirm]", run: "click" },
            { trigger: ".o_button_more", run: "click" },
            {
                content: "the exclusion list",
                trigger: ".o-dropdown--menu button:contains('Exclusion List')",
                run: "click",
            },
            { content: "has them", trigger: ".o_list_view .o_data_row" },
        ]),
});
