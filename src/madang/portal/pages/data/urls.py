"""Addresses of the training-data hub's pages. Clients read files below the same names."""

from __future__ import annotations

from django.urls import path

from madang.portal.pages.data import (
    accessing,
    builder,
    calling,
    desk,
    files,
    planning,
    previews,
    proposing,
    reports,
    results,
    reviewing,
    roadmap,
    rows,
    search,
    sets,
    surveys,
)

SURVEY = "data/surveys/<str:code>/"
DEMAND = "data/demands/<uuid:demand>/"
PROPOSAL = "data/proposals/<uuid:proposal>/"
PLAN = "operator/data/surveys/<str:code>/"
PROJECT = "builder/projects/<str:code>/"
EXPORT = "data-access/results/<uuid:export>/"
REVIEW = "data-reviews/<uuid:delivery>/"

urlpatterns = [
    path("data/", roadmap.roadmap_page, name="data_roadmap"),
    path("data/fields/<slug:field>/", roadmap.field_page, name="data_field"),
    path("data/surveys/", surveys.surveys, name="data_surveys"),
    path(SURVEY, surveys.survey, name="data_survey"),
    path(SURVEY + "answer/", surveys.answer, name="answer_survey"),
    path(DEMAND, surveys.demand, name="data_demand"),
    path(DEMAND + "comment/", surveys.comment_demand, name="comment_demand"),
    path(PROPOSAL, surveys.proposal, name="data_proposal"),
    path(PROPOSAL + "comment/", surveys.comment_proposal, name="comment_proposal"),
    path("data/checks/<uuid:quality_check>/", reports.report, name="data_check"),
    path("data/sets/<repo:code>/", sets.data_set_page, name="data_set"),
    path("data/sets/<repo:code>/rows/", rows.rows_page, name="data_rows"),
    path("data/sets/<repo:code>/files/", files.files_page, name="data_files"),
    path("data/sets/<repo:code>/desk/", desk.desk, name="data_desk"),
    path("data/sets/<repo:code>/desk/check/", desk.check, name="check_data"),
    path("data/sets/<repo:code>/desk/seal/", desk.seal, name="seal_data"),
    path("data/versions/<uuid:version>/<slug:step>/", desk.step, name="version_step"),
    path(
        "data/checks/<uuid:quality_check>/waiver/<slug:step>/", desk.waiver, name="check_waiver"
    ),
    path("data/sets/<repo:code>/take/<path:rest>", files.take, name="data_file"),
    path("data/sets/<repo:code>/apply/", sets.apply, name="apply_for_data"),
    path("data/sets/<repo:code>/results/", results.results, name="data_results"),
    path("data/results/<uuid:export>/withdraw/", results.withdraw, name="withdraw_results"),
    path("data/result-files/<uuid:file>/", results.take, name="take_result"),
    path("data/sets/<repo:code>/media/<path:rest>", previews.media, name="data_media"),
    path("data/search/", search.search_page, name="data_search"),
    path("data/id/<uuid:identifier>", previews.by_identifier, name="data_identifier"),
    path("datasets/<repo:code>", sets.to_page, name="data_set_short"),
    path("operator/data/", planning.overview, name="data_planning"),
    path("operator/data/calls/", calling.calling, name="data_calling"),
    path("operator/data/calls/new/", calling.new_call, name="new_build_call"),
    path("operator/data/goals/", calling.set_goal, name="set_data_goal"),
    path(PLAN, planning.survey, name="plan_survey"),
    path(PLAN + "import/", planning.import_csv, name="import_demands"),
    path(PLAN + "step/", planning.step, name="survey_step"),
    path(PLAN + "arrange/", planning.arrange, name="arrange_demands"),
    path(PLAN + "rounds/", planning.hold, name="hold_round"),
    path("operator/data/comments/<uuid:comment>/", planning.answer, name="answer_comment"),
    path("builder/", builder.projects, name="builder"),
    path(PROJECT, builder.project, name="build_project"),
    path(PROJECT + "step/", builder.step, name="build_project_step"),
    path(PROJECT + "sign/", builder.sign, name="sign_build_terms"),
    path(PROJECT + "amend/", builder.amend, name="amend_build_terms"),
    path(PROJECT + "deliver/", builder.deliver, name="hand_in_delivery"),
    path("builder/proposals/<uuid:application>/", proposing.proposal_form, name="propose"),
    path("data-access/", accessing.desk, name="data_access"),
    path(
        "data-access/applications/<uuid:access_request>/",
        accessing.decide_application,
        name="decide_data_access",
    ),
    path(EXPORT, accessing.result, name="data_result"),
    path(EXPORT + "decide/", accessing.decide_result, name="decide_results"),
    path("data-reviews/", reviewing.waiting, name="data_reviews"),
    path(REVIEW, reviewing.delivery, name="data_review"),
    path(REVIEW + "opinion/", reviewing.opinion, name="give_opinion"),
    path(REVIEW + "accept/", reviewing.accept, name="accept_delivery"),
    path(REVIEW + "return/", reviewing.send_back, name="return_delivery"),
]
