import { registry } from "@web/core/registry";

import { patient } from "./patient";

/** An officer who reads Arabic goes from the overview to an event of nobody known here. */
registry.category("web_tour.tours").add("crvs_arabic", {
    steps: () =>
        patient([
            { content: "the page runs from right to left", trigger: "body.o_rtl" },
            {
                content: "nobody was found",
                trigger: ".o_form_view button:contains('لم يُعثر على أحد')",
                run: "click",
            },
            { content: "the list, grouped", trigger: ".o_list_view, .o_kanban_view" },
            { content: "an event", trigger: ".o_data_row td[name=event_type]", run: "click" },
            { content: "what to do", trigger: ".o_form_view button:contains('اختيار المسجَّل')" },
        ]),
});
