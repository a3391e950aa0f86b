"""What patterns may speak of: measures, variables with their codes, groups and calibrations."""

from collections.abc import Mapping
from types import MappingProxyType

from sim.codes import DURATION_GROUP, ORIGIN, REASON

KINDS = ("value", "approx", "range", "ordering", "trend", "ratio")
SCOPES = ("each_year", "mean", "five_years", "pooled", "latest")
DIRECTIONS = ("falling", "rising", "stable", "weak_fall", "weak_rise")
EVIDENCE = ("text", "table", "table, rows exchanged", "axis of a figure", "footnote", "derived",
            "literature")  # fmt: skip
STRENGTHS = ("strong", "medium", "weak")
THIRD_COUNTRIES = ("nordic", "uk", "usa_canada", "germany", "other")

# What stands for several codes; None is everybody.
MEANS: Mapping[str, tuple[str, ...] | None] = MappingProxyType({
    "all": None,
    "national_average": None,
    "third_country": THIRD_COUNTRIES,
    "non_nordic_third": THIRD_COUNTRIES[1:],
})  # fmt: skip
OTHERS = "others"  # the unweighted mean of all codes that are not named

FIVE_GROUPS = ("norwegian_born_2ip", "child_arrival_0_9", "one_foreign_parent",
               "immigrants_10plus", "majority")  # fmt: skip
GROUPS = ("immigrants", *FIVE_GROUPS, "descendants", "three_small_groups", "norwegian_born",
          "all_residents")  # fmt: skip
COUNTIES = (
    "ostfold", "akershus", "oslo", "hedmark", "oppland", "buskerud", "vestfold", "telemark",
    "aust_agder", "vest_agder", "rogaland", "hordaland", "sogn_og_fjordane", "more_og_romsdal",
    "sor_trondelag", "nord_trondelag", "nordland", "troms", "finnmark",
)  # fmt: skip

# The codes that make up a variable: all that is meant where a pattern names none.
CODES: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "group": FIVE_GROUPS,
    "sex": ("men", "women"),
    "age": (),  # bands, checked by their form
    "reason": REASON.names,
    "origin": ORIGIN.names,
    "country_group": ("cg1", "cg2", "cg3"),
    "duration": DURATION_GROUP.names,
    "labour_status": ("employed", "employed_student", "student", "unemployed", "outside"),
    "education": ("primary", "secondary", "tertiary_short", "tertiary_long", "unknown"),
    "education2": ("bachelor_plus", "no_degree"),
    "centrality": ("1", "2", "3", "4"),
    "county": COUNTIES,
    "family_type": ("immigrant_only", "mixed"),
    "family_size": ("1", "2", "3+"),
    "sponsor_reason": ("refuge", "work", "other", "non_immigrant", "unknown"),
    "destination": ("origin", *THIRD_COUNTRIES, "unknown"),
    "country": (),  # single countries, of which nothing is known
})  # fmt: skip
MORE_CODES: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "group": GROUPS,
    "duration": ("over_10",),
    "family_type": ("mixed_equal", "mixed_immigrant_majority", "mixed_immigrant_minority"),
    "family_size": ("3", "4", "5+"),
})  # fmt: skip

RATES = ("emigration_rate", "domestic_rate", "county_out_rate")
EFFECTS = ("adj_emigration", "adj_domestic", "adj_county_out", "adj_stay")
# Totals: of a part of the years they are not what the report counts.
TOTALS = ("emigration_count", "persons_in_sample", "person_years", "emigrations_per_person",
          "return_count_5y")  # fmt: skip
MEASURES = (
    *RATES, *EFFECTS, *TOTALS, "emigration_count_share", "stock", "stock_share",
    "destination_share", "return_share_5y", "return_hazard", "peak_age_emigration",
    "admin_emigration_share", "mean_duration", "missing_education_share", "driver_effect",
    "effect_of_scenario", "income_ratio", "municipality_count", "sample_size",
    "register_artifact", "cumulative_exit_5y",
)  # fmt: skip

# Which calibrations use patterns of the record: English, Norwegian.
CALIBRATIONS: Mapping[str, tuple[str, str]] = MappingProxyType({
    "published_model": ("the published logit (chapter 6)", "den publiserte logiten (kapittel 6)"),
    "reconstruction": ("the reconstructed population", "den rekonstruerte befolkningen"),
    "family_offsets": ("families (Tables 4.1-4.3)", "familier (tabell 4.1-4.3)"),
    "county_moves": ("moves between counties (Tables 4.1-4.3)", "fylkesflytting (tabell 4.1-4.3)"),
    "reason_offsets": ("differences inside each reason (chapters 4 and 5)",
                       "forskjeller innen hver grunn (kapittel 4 og 5)"),
    "year_shifts": ("the years 2004-2012", "årene 2004-2012"),
    "elasticities": ("effects of the economy", "virkninger av økonomien"),
    "economy": ("paths of the economy", "baner for økonomien"),
    "registration": ("what the register learns of", "hva registeret får vite"),
    "descendants": ("rates of Norwegian-born", "norskfødtes rater"),
    "destination": ("destinations", "flyttemål"),
    "returning": ("return", "tilbakeflytting"),
    "comparison_groups": ("the comparison groups of 2026", "sammenligningsgruppene fra 2026"),
    "geography": ("municipalities of 2013", "kommunene i 2013"),
})  # fmt: skip
